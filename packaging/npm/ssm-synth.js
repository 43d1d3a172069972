#!/usr/bin/env node
// Starts the program for this platform. npm installs only the package that matches it.
"use strict";

const { spawn } = require("node:child_process");

const suffix = process.platform === "win32" ? ".exe" : "";
const name = `ssm-synth-${process.platform}-${process.arch}`;

let program;
try {
  program = require.resolve(`${name}/ssm-synth${suffix}`);
} catch {
  console.error(`error: package \`${name}\` is not installed`);
  console.error("  help: install with optional dependencies, or build from source with `cargo install ssm-synth`");
  process.exit(2);
}

const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
// A terminal sends its signals to the program too, which ends in its own way.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`error: cannot start \`${program}\`: ${error.message}`);
  process.exit(2);
});
child.on("exit", (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else {
    process.exit(code);
  }
});
