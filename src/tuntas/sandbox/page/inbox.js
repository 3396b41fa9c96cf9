/*
 * What the server has for this device, in order: messages, receipts, and chats read elsewhere.
 *
 * Each event is on disk before the server is told to forget it, and a message that is on disk already is not shown
 * again: whatever is killed in between, it arrives once. Before the page has started nothing is let in, as nobody
 * would be listening yet.
 */
"use strict";

__d("SandboxInbox", [], (_global, require, _default, _namespace, _lazy, _module, exports) => {
  const { transport } = require("SandboxTransport");
  const { keep, keepAck } = require("SandboxMessageStore");
  const { recordOfFrame, attributesOf } = require("SandboxMessageRecords");
  const { MsgCollection } = require("WAWebMsgCollection");
  const { ChatCollection } = require("WAWebChatCollection");
  const { createUserWidOrThrow } = require("WAWebWidFactory");
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
    if (!(await keep(record, { unread: !key.fromMe }))) return;
    await MsgCollection.processMultipleMessages(key.remote, [{ ...attributesOf(record), isNewMsg: true }]);
  }

  async function takeAck({ chat, ids, ack }) {
    const from = createUserWidOrThrow(chat);
    const keys = ids.map((id) => new MsgKey({ fromMe: true, remote: from, id }));
    await keepAck(keys.map(String), ack);
    // Through the module object: wa-js has put its own function there.
    await require("WAWebHandleChatReceipt").handleChatSimpleReceipt({
      type: "receipt",
      stanzaId: ids[0],
      externalIds: ids,
      from,
      participant: null,
      recipient: null,
      ts: unixTime(),
      ack,
      ackString: ack >= 3 ? "read" : "delivery",
      offline: null,
    });
  }

  async function takeSeen({ chat }) {
    const model = ChatCollection.get(createUserWidOrThrow(chat));
    if (model !== undefined) await require("WAWebUpdateUnreadChatAction").markSeenElsewhere(model);
  }

  const takers = { message: takeMessage, ack: takeAck, seen: takeSeen };

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
