// Checks an AsyncAPI document with the official parser: node check.mjs FILE. Errors and warnings fail.
import { readFile } from 'node:fs/promises';
import { DiagnosticSeverity, Parser } from '@asyncapi/parser';

const [file] = process.argv.slice(2);
const diagnostics = await new Parser().validate(await readFile(file, 'utf8'), { source: file });
for (const { severity, code, path, message } of diagnostics) {
  console.log(`${DiagnosticSeverity[severity] ?? severity} ${code} at /${path.join('/')}: ${message}`);
}
const faults = diagnostics.filter(({ severity }) => severity <= DiagnosticSeverity.Warning);
process.exitCode = faults.length === 0 ? 0 : 1;
