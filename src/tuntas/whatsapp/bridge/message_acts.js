// What is done to messages after they were sent, by us and by others, and what a chat shows of us meanwhile.

const isMine = (key) => Boolean(key?.fromMe ?? String(text(key)).startsWith("true_"));
const inSeconds = (time) => (time > 1e12 ? Math.floor(time / 1000) : (time ?? seconds()));

const envelope = (key, sender, time) => {
  const fromMe = isMine(key);
  const chat = text(key.remote);
  return {
    id: text(key),
    timestamp: inSeconds(time),
    from: fromMe ? ownId() : chat,
    fromPn: fromMe ? ownId() : pnOf(chat),
    fromMe,
    source: "app",
    to: fromMe ? chat : ownId(),
    toPn: fromMe ? pnOf(chat) : ownId(),
    participant: chat.endsWith("@g.us") ? text(sender) : null,
    participantPn: chat.endsWith("@g.us") ? pnOf(sender) : null,
    pushName: pushNameOf(sender ?? (fromMe ? ownId() : chat)),
  };
};

// A message as it is published.
const published = (message) => {
  const { details, t, type: _type, ...rest } = plain(message);
  return { ...rest, timestamp: t, ...details };
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
  const isOurVote = isMe(voter);
  tellEvent("poll.vote", {
    poll: { id: text(msgId), from: isOurPoll ? ownId() : chat, to: isOurPoll ? chat : ownId(), fromMe: isOurPoll },
    vote: {
      from: voter,
      fromPn: pnOf(voter),
      to: isOurVote ? chat : ownId(),
      fromMe: isOurVote,
      participant: chat.endsWith("@g.us") ? voter : null,
      participantPn: chat.endsWith("@g.us") ? pnOf(voter) : null,
      selectedOptions: selectedOptions.filter(Boolean).map((option) => option.name),
      timestamp: inSeconds(timestamp),
    },
  });
});

// Answers to invitations: WA-JS tells nothing of them, the page puts each into a collection. It may put old ones there too:
// those of the last day are told, and the server knows which it has told already.
const RESPONSES = ["UNKNOWN", "GOING", "NOT_GOING", "MAYBE"];
const TOLD_FOR_SECONDS = 86_400;
const tellResponse = ({ id, parentMsgKey, eventResponse, senderTimestampMs, t, sender, extraGuestCount, ack }) => {
  const timestamp = inSeconds(t ?? senderTimestampMs);
  if (timestamp < seconds() - TOLD_FOR_SECONDS || (isMine(id) && ack < 1)) return;
  const [chat, isOurs] = [text(parentMsgKey.remote), isMine(parentMsgKey)];
  const key = { id: text(parentMsgKey), from: isOurs ? ownId() : chat, to: isOurs ? chat : ownId(), fromMe: isOurs };
  tellEvent("event.response", {
    ...envelope(id, sender, timestamp),
    eventCreationKey: { ...key, participant: text(parentMsgKey.participant ?? null) },
    eventResponse: {
      response: RESPONSES[eventResponse] ?? "UNKNOWN",
      timestampMs: senderTimestampMs ?? timestamp * 1000,
      extraGuestCount: extraGuestCount ?? 0,
    },
    _data: {},
  });
};
WPP.on("conn.main_ready", () =>
  ownModule("WAWebEventResponseCollection")?.EventResponseCollection?.on("add", tellResponse),
);

// --- calls ----------------------------------------------------------------------------------------------------

calls.react = async ({ messageId, reaction }) =>
  void (await WPP.chat.sendReactionToMessage(await messageAt(messageId), reaction));

calls.star = async ({ messageId, chatId, star }) =>
  void (await WPP.chat.starMessage(text((await messageAt(messageId, chatId)).id), star));

calls.vote = async ({ messageId, chatId, votes }) => {
  const poll = await messageAt(messageId, chatId);
  if (poll.type !== "poll_creation") throw new Error(`Message ${messageId} is no poll.`);
  const chosen = votes.map((vote) => poll.pollOptions.find(({ name }) => name === vote));
  if (chosen.includes(undefined)) throw new Error(`The poll has no option "${votes[chosen.indexOf(undefined)]}".`);
  if (poll.pollSelectableOptionsCount === 1 && chosen.length > 1) throw new Error("The poll takes one answer only.");
  const { sendVote } = require("WAWebPollsSendVoteMsgAction");
  const sent = await sendVote(poll, new Set(chosen.map(({ localId }) => localId)));
  const result = sent?.messageSendResult ?? "OK";
  if (result !== "OK") throw new Error(`WhatsApp did not take the vote: ${result}`);
};

calls.edit = async ({ messageId, chatId, body, linkPreview }) => {
  const id = text((await messageAt(messageId, chatId)).id);
  await WPP.chat.editMessage(id, body, { linkPreview, markIsRead: false });
  return plain(await messageAt(id));
};

// For everyone where WhatsApp lets this account do that, else from this account only.
calls.deleteMessage = async ({ messageId, chatId }) => {
  const { id } = await messageAt(messageId, chatId);
  const { isRevoked } = await WPP.chat.deleteMessage(id.remote, text(id), false, true);
  return { isRevoked };
};

calls.pin = async ({ messageId, chatId, duration }) => {
  const id = text((await messageAt(messageId, chatId)).id);
  const { result } = await (duration ? WPP.chat.pinMsg(id, true, duration) : WPP.chat.unpinMsg(id));
  if (result !== "OK") throw new Error(`WhatsApp did not take it: ${result}`);
};

calls.seen = async ({ chatId }) => void (await WPP.chat.markIsRead((await chatAt(chatId)).id));

calls.typing = async ({ chatId, on }) => {
  const chat = await chatToWriteTo(chatId);
  await (on ? WPP.chat.markIsComposing(chat.id) : WPP.chat.markIsPaused(chat.id));
};

// WhatsApp Web makes the copy, and its id, by itself: it is the message that appears in that chat meanwhile.
calls.forward = async ({ chatId, messageId }) => {
  const [original, chat] = [await messageAt(messageId), await chatToWriteTo(chatId)];
  await requireUnrestricted(chat);
  let copy = null;
  const look = (message) => {
    if (message.id.fromMe && message.isForwarded && text(message.id.remote) === text(chat.id)) copy ??= message;
    if (copy === message) remember(text(message.id));
  };
  WPP.whatsapp.MsgStore.on("add", look);
  try {
    await WPP.chat.forwardMessages(chat.id, [original]);
  } catch (error) {
    if (copy === null) throw error;
    return plain(await outcomeOf(text(copy.id), error));
  } finally {
    WPP.whatsapp.MsgStore.off("add", look);
  }
  if (copy === null) throw new Error("WhatsApp Web shows no forwarded message");
  return plain(copy);
};
