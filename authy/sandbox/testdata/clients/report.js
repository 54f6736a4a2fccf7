'use strict';

// What the scripts of all libraries share: their input, which the test writes to stdin as JSON, the sandbox's own API,
// and the report, one line of JSON for each call.

const fs = require('fs');

const given = JSON.parse(fs.readFileSync(0, 'utf8'));

function report(method, input, style, outcome) {
  process.stdout.write(`${JSON.stringify({ method, input, style, outcome })}\n`);
}

// inspector calls the sandbox's own API, as the virtual phone does.
async function inspector(method, path, params = {}) {
  const response = await fetch(`${given.host}/sandbox/api/${path}`, {
    body: method === 'GET' ? undefined : JSON.stringify(params),
    headers: { 'Content-Type': 'application/json', 'X-Authy-API-Key': given.key },
    method
  });
  const body = await response.json();

  if (response.status !== 200) {
    throw new Error(`${method} ${path}: ${JSON.stringify(body)}`);
  }

  return body;
}

// run ends the process with an error that the test shows.
function run(main) {
  main().catch(error => {
    console.error(error);
    process.exit(1);
  });
}

module.exports = { given, inspector, report, run };
