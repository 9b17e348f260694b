/**
 * Loaded before a JavaScript snippet: defines the names that it uses but does not define, creates the run that it joins,
 * and appends what it prints to a file, as JSON. The variable LG_SNIPPET holds the names, the run and the file as JSON.
 */

import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";

const job = JSON.parse(process.env.LG_SNIPPET);
Object.assign(globalThis, job.names);

if (job.background) {
  const { Client } = createRequire(`${process.cwd()}/`)("@langchain/langgraph-sdk");
  const { url, headers, assistant, given, modes } = job.background;
  const client = new Client({ apiUrl: url, defaultHeaders: headers });
  const thread = await client.threads.create();
  const run = await client.runs.create(thread.thread_id, assistant, { input: given, streamMode: modes });
  Object.assign(globalThis, { threadID: thread.thread_id, runId: run.run_id });
}

const print = console.log;
console.log = (...values) => {
  appendFileSync(job.printed, `${JSON.stringify(values)}\n`);
  print(...values);
};
