/*
 * What the owner of this account shows: name, about, picture.
 */
"use strict";

__d("SandboxProfile", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");

  exports.ask = async (request) => {
    const answer = await transport.request(request);
    if (!answer.ok) throw new Error(`the server refused: ${answer.error}`);
    return answer;
  };
});

__d("WAWebSetPushnameConnAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask } = require("SandboxProfile");
  const { identity, remember } = require("SandboxIdentity");
  const { Conn } = require("WAWebConnModel");

  exports.setPushname = async (name) => {
    await ask({ kind: "set_name", name });
    const { number, lid } = identity.me;
    remember({ ...identity.me, name });
    await require("SandboxContacts").learn({ number, lid, name });
    Conn.pushname = name;
  };
});

__d("WAWebContactStatusBridge", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask } = require("SandboxProfile");
  const { TextStatusCollection } = require("WAWebTextStatusCollection");
  const { notImitated } = require("SandboxNotImitated");

  /* whatsapp-web.js hands the address in as one of several fields. */
  exports.getStatus = async (asked) => {
    const id = asked.wid ?? asked;
    return { id, status: (await TextStatusCollection.find(id)).status };
  };
  exports.setMyStatus = async (text) => {
    await ask({ kind: "set_about", text });
    return { status: 200 };
  };
  exports.queryStatusAll = notImitated("asking for everybody's status text");
});

__d("WAWebContactProfilePicThumbBridge", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { ask } = require("SandboxProfile");
  const { ProfilePicThumbCollection } = require("WAWebProfilePicThumbCollection");
  const { notImitated } = require("SandboxNotImitated");

  async function set(wid, picture) {
    if (!wid.isUser() && !wid.isGroup()) notImitated("pictures of channels")();
    await ask({ kind: "set_picture", picture, group: wid.isGroup() ? wid._serialized : null });
    const { imgFull } = await ProfilePicThumbCollection.find(wid);
    return { status: 200, eurl: imgFull };
  }

  exports.requestProfilePicFromServer = async (chat) => {
    const { imgFull } = await ProfilePicThumbCollection.find(chat.id._serialized ?? chat.id);
    return imgFull === undefined ? undefined : { eurl: imgFull };
  };
  /* Libraries hand in data URLs. */
  exports.sendSetPicture = (wid, _preview, picture) => set(wid, picture.slice(picture.indexOf(",") + 1));
  exports.requestDeletePicture = (wid) => set(wid, null);
});
