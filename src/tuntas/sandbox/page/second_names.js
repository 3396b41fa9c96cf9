/*
 * Modules under which whatsapp-web.js finds what stands elsewhere on this page. wa-js goes by what a module exports and
 * takes the first one that fits, so these come after all others.
 */
"use strict";

__d("WAWebChatClearBridge", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.sendClear = (chat, keepStarred) => {
    if (keepStarred) require("SandboxNotImitated").notImitated("clearing all but starred messages")();
    require("WAWebSendClearChatAction").sendClear(chat);
    return chat.promises.sendClear;
  };
});

__d("WAWebChatStateBridge", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const presence = require("WAWebPresenceChatAction");

  exports.sendChatStateComposing = (wid) => presence.markComposing({ id: wid });
  exports.sendChatStateRecording = (wid) => presence.markRecording({ id: wid });
  exports.sendChatStatePaused = (wid) => presence.markPaused({ id: wid });
});

__d("WAWebLaunchSocketUtils", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.refreshQR = () => require("SandboxTransport").transport.reconnect();
});

__d("WAWebSetPropertyGroupAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.setGroupProperty = (chat, setting, value) =>
    require("WAWebGroupModifyInfoJob").setGroupProperty(chat.id, setting, value);
});

__d("WAWebMexFetchGroupInviteCodeJob", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.fetchMexGroupInviteCode = async (groupId) =>
    (await require("SandboxGroupInvitations").invitation(groupId, false)).code;
});

/* A jid is the text of an address; here the two differ in the name of the server only. */
__d("WAWebWidToJid", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.widToUserJid = (wid) => wid.toJid();
  exports.widToGroupJid = (wid) => wid.toJid();
});

__d("WAWebJidToWid", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.userJidToUserWid = (jid) => require("WAWebWidFactory").createWid(jid);
});

__d("WASmaxGroupsAddParticipantsRPC", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { createWid } = require("WAWebWidFactory");

  /* Who cannot be added is an error; an answer says that all were. */
  exports.sendAddParticipantsRPC = async ({ participantArgs, iqTo }) => {
    const wids = participantArgs.map(({ participantJid }) => createWid(participantJid));
    const { refused = [] } = await require("SandboxGroups").membersRequest(createWid(iqTo), "add", wids);
    if (refused.length > 0) throw new Error(`these can only be invited: ${refused.join(", ")}`);
    const added = { value: { addParticipantsParticipantMixins: undefined } };
    const each =
      "addParticipantsParticipantAddedOrNonRegisteredWaUserParticipantErrorLidResponseMixinGroup";
    return { name: "AddParticipantsResponseSuccess", value: { addParticipant: wids.map(() => ({ [each]: added })) } };
  };
});

__d("WAWebMiscBrowserUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  // What a phone lists of a linked device; the sandbox's phones list no more than its id.
  exports.default = { info: () => ({ os: "Linux", name: "Chrome", version: "" }) };
});

__d("WAWebBlockContactUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.getContactToBlockOnlyUseIfNoAssociatedChat = (contact) => contact;
});
