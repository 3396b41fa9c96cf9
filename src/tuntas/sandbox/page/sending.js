/*
 * Sending a message, and the receipts that come back for it.
 *
 * The message is on disk before it goes to the server, and the server knows a message by its id: what a crash or a
 * lost connection cut off is sent again, and arrives once.
 */
"use strict";

__d("SandboxOutbox", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { keepAck, unsent } = require("SandboxMessageStore");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { ACK } = require("WAWebAck");
  const { SendMsgResult } = require("WAWebSendMsgResultAction");
  const MsgKey = require("WAWebMsgKey");

  const TIMELOCKED = "463";
  const RESULTS = { 429: SendMsgResult.ERROR_RATE_LIMIT };

  async function deliver(record) {
    const answer = await transport.request({
      kind: "send",
      id: MsgKey.fromString(record.id).id,
      to: record.to,
      text: record.text,
      content: record.content,
      timestamp: record.timestamp,
      quoted: record.quoted ?? null,
    });
    const ack = answer.ok ? ACK.SENT : ACK.FAILED;
    await keepAck([record.id], ack);
    const message = MsgCollection.get(record.id);
    if (message !== undefined && (ack === ACK.FAILED || ack > message.ack)) message.ack = ack;
    if (answer.error === TIMELOCKED) await require("WAWebGetReachoutTimelockJob").fetchReachoutTimelock();
    return {
      messageSendResult: answer.ok ? SendMsgResult.OK : (RESULTS[answer.error] ?? SendMsgResult.ERROR_UNKNOWN),
      t: record.timestamp,
      ...(answer.ok ? {} : { error: answer.error }),
    };
  }

  exports.deliver = deliver;
  /* At start: what was left unsent by the browser's last life. */
  exports.sendWhatIsLeft = async () => Promise.all((await unsent()).map(deliver));
});

__d("WAWebSendMsgChatAction", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { deliver } = require("SandboxOutbox");
  const { keep } = require("SandboxMessageStore");
  const { recordOfModel } = require("SandboxMessageRecords");
  const { contentOf } = require("SandboxContent");
  const { attributesOfMedia } = require("SandboxMedia");
  const { MsgCollection } = require("WAWebMsgCollection");

  /* Two promises at once, not a promise of two: whatsapp-web.js takes them apart without waiting. */
  function addAndSendMsgToChat(chat, raw) {
    const { text, content } = contentOf(raw); // refuses what is not imitated, before it is to be seen anywhere
    const media = content.media && raw.mediaData === undefined ? attributesOfMedia(text, content.media) : {};
    const message = MsgCollection.place(chat, { ...raw, ...media });
    if (chat.id.isStatus()) require("SandboxStatus").file(message);
    const record = recordOfModel(message, chat);
    const result = keep(record, { unread: false }).then(() => deliver(record));
    return [Promise.resolve(message), result];
  }

  exports.addAndSendMsgToChat = addAndSendMsgToChat;
});

__d("WAWebHandleDirectChatReceipt", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { MsgCollection } = require("WAWebMsgCollection");
  const MsgKey = require("WAWebMsgKey");

  exports.handleChatSimpleReceipt = async ({ ack, from, externalIds }) => {
    for (const id of externalIds) MsgCollection.get(new MsgKey({ fromMe: true, remote: from, id }))?.updateAck(ack);
  };
});

__d("WAWebHandleGroupChatReceipt", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { MsgCollection } = require("WAWebMsgCollection");
  const { keyAt } = require("SandboxMessageRecords");

  /* A receipt names who gave it; the message it is for names this account, and has come as far as with all. */
  exports.handleGroupSimpleReceipt = async ({ reached, from, externalIds }) => {
    for (const id of externalIds) MsgCollection.get(keyAt(String(from), id, { fromMe: true }))?.updateAck(reached);
  };
});

__d("WAWebHandleStatusReceipt", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { handleGroupSimpleReceipt } = require("WAWebHandleGroupChatReceipt");
  exports.handleStatusSimpleReceipt = (receipt) => handleGroupSimpleReceipt(receipt);
});

__d("WAWebGetEphemeralFieldsMsgActionsUtils", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.getEphemeralFields = () => ({});
});

__d("WALinkify", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  const LINK = /\bhttps?:\/\/[^\s<>"']+/gi;
  const findLinks = (text) => Array.from(String(text ?? "").matchAll(LINK), ([href]) => ({ href, url: href }));

  exports.findLinks = findLinks;
  exports.findLink = (text) => findLinks(text)[0] ?? null;
});

__d("useWAWebLinkPreview", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  exports.findFirstWebLink = (text) => require("WALinkify").findLink(text)?.href ?? null;
});

__d("WAWebLinkPreviewChatAction", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  // No page is ever fetched for a preview: nothing may leave this machine.
  exports.getLinkPreview = async () => null;
});

__d("WAWebGenMinimalLinkPreviewChatAction", [], (_global, _require, _default, _namespace, _lazy, _module, exports) => {
  exports.genMinimalLinkPreview = async () => null;
});
