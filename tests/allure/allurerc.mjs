// The one plugin of Allure 3 that can leave out the tag of an analytics service; it reads this variable and no option.
process.env.ALLURE_NO_ANALYTICS = "true";

const reportName = "LangGraph streaming API, conformance";

export default { name: reportName, plugins: { allure2: { options: { reportName, singleFile: true } } } };
