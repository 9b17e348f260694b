// allure2 is the only plugin of Allure 3 that can leave out the analytics tag; it reads this variable, not an option.
process.env.ALLURE_NO_ANALYTICS = "true";

const reportName = "LangGraph streaming API, conformance";

export default { name: reportName, plugins: { allure2: { options: { reportName, singleFile: true } } } };
