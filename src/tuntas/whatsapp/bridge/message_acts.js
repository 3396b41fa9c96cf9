// What is done to messages after they were sent, by us and by others, and what a chat shows of us meanwhile.

const isMine = (key) => Boolean(key?.fromMe ?? String(text(key)).startsWith("true_"));
const inSeconds = (time) => (time > 1e12 ? Math.floor(time / 1000) : (time ?? seconds()));
const ownId = () => text(WPP.conn.getMyUserId());

const envelope = (key, sender, time) => {
  const fromMe = isMine(key);
  const chat = text(key.remote);
  return {
    id: text(key),
    timestamp: inSeconds(time),
    from: fromMe ? ownId() : chat,
    fromMe,
    source: "app",
    to: fromMe ? chat : ownId(),
    participant: chat.endsWith("@g.us") ? text(sender) : null,
  };
};

// A message as it is published.
const published = (message) => {
  const { details, t, type, replyTo, ...rest } = plain(message);
  return { ...rest, timestamp: t, replyTo: replyTo && { id: replyTo }, _data: { type }, ...details };
};

WPP.on("chat.new_reaction", ({ id, msgId, reactionText, sender, timestamp }) =>
  tellEvent("message.reaction", {
    ...envelope(id, sender, timestamp),
    reaction: { text: reactionText, messageId: text(msgId) },
  }),
);

WPP.on("chat.msg_edited", ({ id, msg }) => {
  tellEvent("message.edited", { ...published(msg), timestamp: seconds(), editedMessageId: text(id) });
});

WPP.on("chat.msg_revoke", ({ id, refId, author, from, to }) => {
  const known = WPP.whatsapp.MsgStore.get(refId);
  tellEvent("message.revoked", {
    revokedMessageId: text(refId),
    before: known && known.type !== "revoked" ? published(known) : null,
    after: { ...envelope(id, author, seconds()), from: text(from), to: text(to), body: "" },
  });
});

WPP.on("chat.poll_response", ({ msgId, chatId, selectedOptions, timestamp, sender }) => {
  const [chat, voter, isOurPoll] = [text(chatId), text(sender), isMine(msgId)];
  tellEvent("poll.vote", {
    poll: { id: text(msgId), from: isOurPoll ? ownId() : chat, to: isOurPoll ? chat : ownId(), fromMe: isOurPoll },
    vote: {
      from: voter,
      to: voter === ownId() ? chat : ownId(),
      fromMe: voter === ownId(),
      participant: chat.endsWith("@g.us") ? voter : null,
      selectedOptions: selectedOptions.filter(Boolean).map((option) => option.name),
      timestamp: inSeconds(timestamp),
    },
  });
});

// --- calls ----------------------------------------------------------------------------------------------------

calls.react = async ({ messageId, reaction }) =>
  void (await WPP.chat.sendReactionToMessage(await messageAt(messageId), reaction));

calls.star = async ({ messageId, star }) => {
  await messageAt(messageId);
  await WPP.chat.starMessage(messageId, star);
};

calls.edit = async ({ messageId, body, linkPreview }) => {
  await messageAt(messageId);
  await WPP.chat.editMessage(messageId, body, { linkPreview, markIsRead: false });
  return plain(await messageAt(messageId));
};

// For everyone where WhatsApp lets this account do that, else from this account only.
calls.deleteMessage = async ({ messageId }) => {
  const message = await messageAt(messageId);
  const { isRevoked } = await WPP.chat.deleteMessage(message.id.remote, messageId, false, true);
  return { isRevoked };
};

calls.pin = async ({ messageId, duration }) => {
  await messageAt(messageId);
  const { result } = await (duration ? WPP.chat.pinMsg(messageId, true, duration) : WPP.chat.unpinMsg(messageId));
  if (result !== "OK") throw new Error(`WhatsApp did not take it: ${result}`);
};

calls.seen = async ({ chatId }) => void (await WPP.chat.markIsRead(chatAt(chatId).id));

calls.typing = async ({ chatId, on }) => {
  const chat = await chatToWriteTo(chatId);
  await (on ? WPP.chat.markIsComposing(chat.id) : WPP.chat.markIsPaused(chat.id));
};

// WhatsApp Web makes the copy, and its id, by itself: it is the message that appears in that chat meanwhile.
calls.forward = async ({ chatId, messageId }) => {
  const [original, chat] = [await messageAt(messageId), await chatToWriteTo(chatId)];
  let copy = null;
  const look = (message) => {
    if (message.id.fromMe && message.isForwarded && text(message.id.remote) === text(chat.id)) copy ??= message;
    if (copy === message) remember(text(message.id));
  };
  WPP.whatsapp.MsgStore.on("add", look);
  try {
    await WPP.chat.forwardMessages(chat.id, [original]);
  } finally {
    WPP.whatsapp.MsgStore.off("add", look);
  }
  if (copy === null) throw new Error("WhatsApp Web shows no forwarded message");
  return plain(copy);
};
