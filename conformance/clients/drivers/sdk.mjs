// Reads streams with @langchain/langgraph-sdk of the current folder; input and output are those of `sdk.py`.

import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

const { Client } = createRequire(`${process.cwd()}/`)("@langchain/langgraph-sdk");
const given = JSON.parse(readFileSync(0, "utf8"));
const callerOptions = { maxConcurrency: given.at_once };
const client = new Client({ apiUrl: given.url, apiKey: null, defaultHeaders: given.headers, callerOptions });

// JSON may hold lone surrogates, which UTF-8 cannot encode; they are written as escapes.
const plain = (value) => JSON.stringify(value).replace(/[\ud800-\udfff]/g, escaped);
const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16)}`;
const write = (line) => {
  let rest = Buffer.from(`${plain(line)}\n`);
  while (rest.length) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (problem) {
      if (problem.code !== "EAGAIN") throw problem; // the pipe is full; try again
    }
  }
};

const stream = async ({ thread, run, body, live }, signal) => {
  const fields = { input: body.input };
  if ("stream_mode" in body) fields.streamMode = body.stream_mode;
  if ("stream_subgraphs" in body) fields.streamSubgraphs = body.stream_subgraphs;
  const threadId = live && thread ? (await client.threads.create()).thread_id : thread;
  const runId = live && run ? (await client.runs.create(threadId, body.assistant_id, fields)).run_id : run;
  if (runId) return client.runs.joinStream(threadId, runId, { signal });
  return client.runs.stream(threadId, body.assistant_id, { ...fields, signal });
};

const read = async (job) => {
  const leaving = new AbortController();
  const limit = new Promise((resolve) => {
    const left = () => resolve(`still reading after ${given.limit_s} s`);
    leaving.signal.addEventListener("abort", left);
  });
  const timer = setTimeout(() => leaving.abort(), given.limit_s * 1000);
  const reading = (async () => {
    for await (const { event, data, id } of await stream(job, leaving.signal)) {
      if (!leaving.signal.aborted) write({ job: job.number, part: [event ?? "", data ?? null, id ?? null] });
    }
    return "";
  })().catch((problem) => `${problem.name}: ${problem.message}`);
  const error = await Promise.race([limit, reading]);
  clearTimeout(timer);
  write({ job: job.number, error });
};

const jobs = given.jobs.slice();
const worker = async () => {
  for (let job = jobs.shift(); job; job = jobs.shift()) await read(job);
};
await Promise.all(Array.from({ length: given.at_once }, worker));
process.exit(0); // a client may still be waiting to reconnect
