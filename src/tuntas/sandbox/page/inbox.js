/*
 * What the server has for this device, in order: messages, receipts, what was done to messages, chats read elsewhere.
 *
 * Each event is on disk before the server is told to forget it, and a message that is on disk already is not shown
 * again: whatever is killed in between, it arrives once. Before the page has started nothing is let in, as nobody
 * would be listening yet.
 */
"use strict";

__d("SandboxInbox", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { change, keep, keepAck } = require("SandboxMessageStore");
  const { attributesOfContent } = require("SandboxContent");
  const { keyAt, recordOfFrame, attributesOf } = require("SandboxMessageRecords");
  const { personWid, widAt } = require("SandboxAddresses");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { ChatCollection } = require("WAWebChatCollection");
  const { unixTime } = require("WATimeUtils");
  const MsgKey = require("WAWebMsgKey");

  let letIn;
  let chain = new Promise((resolve) => {
    letIn = resolve;
  });

  async function takeMessage({ message, phone }) {
    await require("SandboxContacts").learn(phone);
    const record = recordOfFrame(message);
    const key = MsgKey.fromString(record.id);
    if (key.remote.isStatus()) return takeStatus(record);
    if (!(await keep(record, { unread: !key.fromMe && record.notice === undefined }))) return;
    await MsgCollection.processMultipleMessages(key.remote, [{ ...attributesOf(record), isNewMsg: true }]);
  }

  async function takeStatus(record) {
    if (await keep(record, { unread: false })) require("SandboxStatus").show({ ...attributesOf(record), isNewMsg: true });
  }

  /* What could not be read can be now. */
  async function takeReadable({ message }) {
    const record = recordOfFrame(message);
    await change(record.id, (kept) => ({ ...kept, ...record, unreadable: false }));
    MsgCollection.get(record.id)?.set(attributesOfContent(record));
  }

  // Through the module objects: wa-js has put its own functions there.
  function handlerOf(from) {
    if (from.isGroup()) return require("WAWebHandleGroupChatReceipt").handleGroupSimpleReceipt;
    if (from.isStatus()) return require("WAWebHandleStatusReceipt").handleStatusSimpleReceipt;
    return require("WAWebHandleDirectChatReceipt").handleChatSimpleReceipt;
  }

  /* `by`: one of many, where there are many; `reached`: how far the message has come with all of them. */
  async function takeAck({ chat, ids, ack, by, reached = ack }) {
    const from = widAt(chat);
    await keepAck(ids.map((id) => keyAt(chat, id, { fromMe: true }).toString()), reached);
    const handle = handlerOf(from);
    await handle({
      type: "receipt",
      stanzaId: ids[0],
      externalIds: ids,
      from,
      participant: by === undefined ? null : personWid(by),
      recipient: null,
      ts: unixTime(),
      ack,
      reached,
      ackString: ack >= 3 ? "read" : "delivery",
      offline: null,
    });
  }

  async function takeSeen({ chat }) {
    const model = ChatCollection.get(widAt(chat));
    if (model !== undefined) await require("SandboxChatRecords").noteUnread(model, 0);
  }

  const takers = {
    message: takeMessage,
    readable: takeReadable,
    ack: takeAck,
    act: (event) => require("SandboxMessageActs").take(event),
    seen: takeSeen,
    ...require("SandboxSocialInbox").takers,
  };

  async function take({ sequence, event }) {
    const taker = takers[event.kind];
    if (taker === undefined) throw new Error(`the server sent an event "${event.kind}" that this page does not know`);
    await taker(event);
    transport.tell({ kind: "stored", sequence });
  }

  // After a lost connection the server brings again what it was not told about; it may be in the chain already.
  const waiting = new Set();

  /* An event that fails is reported and stays with the server, which brings it again at the next connection. */
  exports.receive = (frame) => {
    if (waiting.has(frame.sequence)) return;
    waiting.add(frame.sequence);
    chain = chain
      .then(() => take(frame))
      .catch(reportError)
      .finally(() => waiting.delete(frame.sequence));
  };
  exports.open = () => letIn();
});
