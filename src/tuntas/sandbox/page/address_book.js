/*
 * The phone's address book: what its owner calls people. The server keeps it and is asked after each connection.
 */
"use strict";

__d("SandboxAddressBook", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const written = new Map();

  async function take({ phone, first_name: firstName, last_name: lastName }) {
    written.set(phone.number, { firstName, lastName });
    await require("SandboxContacts").learn(phone);
  }

  /* Who is not in the book is shown here by the name that they give themselves. */
  exports.namesOf = ({ number, name }) => {
    const entry = written.get(number);
    if (entry === undefined) return { name, shortName: name.split(" ", 1)[0] };
    return { name: `${entry.firstName} ${entry.lastName}`.trim(), shortName: entry.firstName };
  };
  exports.take = take;
  exports.refresh = async () => {
    const { contacts } = await transport.request({ kind: "contacts" });
    for (const entry of contacts) await take(entry);
  };
});

__d("WAWebSaveContactAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { createUserWidOrThrow } = require("WAWebWidFactory");

  /* As in pages since version 2.3000.1030209354: one object. */
  exports.saveContactAction = async ({ phoneNumber, firstName, lastName }) => {
    const { wid } = (await require("WAWebQueryExistsJob").queryWidExists(createUserWidOrThrow(phoneNumber))) ?? {};
    if (wid === undefined) throw new Error(`no phone has the number ${phoneNumber}`);
    const number = require("SandboxAddresses").personNumber(wid);
    const answer = await transport.request({ kind: "contact_save", number, first_name: firstName, last_name: lastName });
    if (!answer.ok) throw new Error(`the server refused: ${answer.error}`);
    await require("SandboxAddressBook").refresh();
  };
});
