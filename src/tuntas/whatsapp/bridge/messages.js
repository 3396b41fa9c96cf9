// Messages: as the page tells of them, sending them, reading a chat.

// What this bridge sent itself, so that its echo is told apart from what the person typed on the phone.
const sentHere = new Set();
const remember = (id) => {
  sentHere.add(id);
  if (sentHere.size > 1000) sentHere.delete(sentHere.values().next().value);
};

// The server chooses what makes an id unique: then it can ask for a message of which it does not know whether it went.
const idWith = async (chat, token) => {
  if (isStatus(chat.id)) return text(postKey(token));
  const made = await WPP.chat.generateMessageID(chat);
  return text(made).replace(made.id, token);
};

// What WhatsApp writes into a chat by itself, and what only says something about a message, is no message of anybody's.
// What happens to a group (gp2) is among it; groups.js tells of that.
const NO_MESSAGES = new Set([
  "broadcast_notification", "call_log", "debug", "e2e_notification", "event_response", "gp2", "keep_in_chat",
  "newsletter_notification", "notification", "notification_template", "oversized", "pinned_message",
  "poll_add_option_decrypted", "poll_update", "protocol", "reaction", "reaction_enc", "request_phone_number",
  "status_notification", "unknown",
]);
const isMessage = (message) => !NO_MESSAGES.has(message.type);

// What came as ciphertext and cannot be read yet, by id. What this page shows tells when it can be; what only lies in
// its storage is looked at whenever the server asks for life.
const UNREADABLE = "ciphertext";
const MOST_UNREADABLE = 1000;
const unreadable = new Set();
const followUntilReadable = (message) => {
  const id = text(message.id);
  unreadable.delete(id);
  if (message.type !== UNREADABLE) return;
  unreadable.add(id);
  if (unreadable.size > MOST_UNREADABLE) unreadable.delete(unreadable.values().next().value);
};
const lookAtUnreadable = async () => {
  for (const id of unreadable) {
    const message = await WPP.chat.getMessageById(id).catch(() => null);
    if (message === null || message.type === UNREADABLE || !unreadable.delete(id)) continue;
    if (isMessage(message)) report("message", { message: plain(message) });
  }
};

const MEDIA = new Set(["image", "video", "audio", "ptt", "document", "sticker", "ptv"]);
const isMedia = (message) => MEDIA.has(message.type) && Boolean(message.mediaKey ?? message.directPath);

// A picture's `body` is its thumbnail; and WA-JS makes the file's name the caption where the sender wrote none.
const wordsOf = (message) => {
  if (MEDIA.has(message.type)) return message.isCaptionByUser === false ? "" : (message.caption ?? "");
  if (message.type === "poll_creation") return message.pollName ?? "";
  if (message.type === "event_creation") return message.eventName ?? "";
  if (message.type === "location") return message.loc ?? "";
  return typeof message.body === "string" && !message.type?.endsWith("vcard") ? message.body : (message.caption ?? "");
};

// What only some messages have; the names are those of the published payload.
const detailsOf = (message) => ({
  ...(isMedia(message) && {
    media: {
      url: null,
      mimetype: message.mimetype ?? null,
      filename: message.filename ?? null,
      size: message.size ?? null,
    },
  }),
  ...(message.type === "vcard" && { vCards: [message.body] }),
  ...(message.type === "multi_vcard" && { vCards: message.vcardList.map((card) => card.vcard) }),
  ...(message.type === "location" && {
    location: { latitude: message.lat, longitude: message.lng, description: message.loc ?? null },
  }),
  ...(message.type === "poll_creation" && {
    poll: {
      name: message.pollName,
      options: message.pollOptions.map((option) => option.name),
      multipleAnswers: message.pollSelectableOptionsCount !== 1,
    },
  }),
  ...(message.type === "event_creation" && {
    event: {
      name: message.eventName ?? "",
      description: message.eventDescription?.trim() || null,
      startTime: message.eventStartTime ?? null,
      endTime: message.eventEndTime ?? null,
      location: message.eventLocation?.name ? { name: message.eventLocation.name } : null,
      isCanceled: Boolean(message.isEventCanceled),
    },
  }),
  ...(message.mentionedJidList?.length && { mentionedIds: message.mentionedJidList.map(text) }),
  ...(message.isForwarded && { isForwarded: true }),
  ...(message.star && { isStarred: true }),
  ...(message.id?.remote?.isNewsletter?.() && { viewCount: message.viewCount ?? 0 }),
  ...(isToMany(message.id?.remote) && message.author && {
    participant: text(message.author),
    participantPn: pnOf(message.author),
  }),
  fromPn: pnOf(message.from),
  toPn: pnOf(message.to),
  pushName: message.notifyName || pushNameOf(message.author ?? message.from),
  _data: recordOf(message),
});

// What a message answers, as published: it carries that with it, so that it is known where the message itself is not.
const quoteOf = ({ quotedStanzaID, quotedParticipant, quotedMsg }) =>
  quotedStanzaID == null
    ? null
    : {
        id: quotedStanzaID,
        participant: text(quotedParticipant),
        participantPn: pnOf(quotedParticipant),
        body: quotedMsg ? wordsOf(quotedMsg) : null,
        hasMedia: MEDIA.has(quotedMsg?.type),
        _data: recordOf(quotedMsg ?? {}),
      };

const plain = (message) => ({
  id: text(message.id),
  t: message.t ?? Math.floor(Date.now() / 1000),
  from: text(message.from),
  to: text(message.to),
  fromMe: Boolean(message.id?.fromMe ?? String(text(message.id)).startsWith("true_")),
  body: wordsOf(message),
  ack: message.ack ?? 0,
  type: message.type ?? "chat",
  hasMedia: isMedia(message),
  replyTo: quoteOf(message),
  details: detailsOf(message),
  source: sentHere.has(text(message.id)) ? "api" : "app",
});

// Where many read, a receipt has the reader in the place where the message's own id names its sender.
const ownIdOf = (key) => {
  const { fromMe, remote, id } = key;
  if (isStatus(remote)) return text(postAt(text(key))?.id ?? postKey(id));
  if (!remote?.isGroup?.()) return text(key);
  return text(new WPP.whatsapp.MsgKey({ fromMe, remote, id, participant: ownLid() }));
};

// WA-JS tells of a message that came encrypted first a second time, when it can be read.
WPP.on("chat.new_message", (message) => {
  if (!isMessage(message) || isEcho(message)) return;
  followUntilReadable(message);
  report("message", { message: plain(message) });
});
const reportAck = (id, chat, ack) =>
  report("ack", { ack, chat: text(chat), pn: pnOf(chat), id: text(id), me: ownId() });
// One of many readers, where a message has many.
const ACK_NAMES = { 2: "DEVICE", 3: "READ", 4: "PLAYED" };
const tellAckOf = (reader, id, chat, ack) =>
  tellEvent("message.ack.group", {
    id,
    from: ownId(),
    to: text(chat),
    participant: text(reader),
    participantPn: pnOf(reader),
    fromMe: true,
    ack,
    ackName: ACK_NAMES[ack] ?? String(ack),
  });
WPP.on("chat.msg_ack_change", ({ ack, chat, sender, ids }) => {
  for (const id of ids.filter((one) => !echoes.has(one.id))) {
    if (sender) tellAckOf(sender, ownIdOf(id), chat, ack);
    else reportAck(ownIdOf(id), chat, ack);
  }
});
// How far it has come with all of them is known by the page.
WPP.on("conn.main_ready", () =>
  WPP.whatsapp.MsgStore.on("change:ack", ({ id, to, ack }) => {
    if (ack >= 2 && id.fromMe && isToMany(id.remote)) reportAck(id, to, ack);
  }),
);

// --- calls ----------------------------------------------------------------------------------------------------

const NOT_THERE = new Set(["msg_not_found", "chat_not_found"]);
const messageFound = async (messageId) => {
  if (isStatus(messageId.split("_")[1])) return postAt(messageId);
  try {
    return await WPP.chat.getMessageById(messageId);
  } catch (error) {
    if (NOT_THERE.has(error?.code)) return null;
    throw error;
  }
};

// A message's id names its chat: after WhatsApp has moved a chat to the hidden id, or when it is asked by the other one.
const otherKeyOf = (messageId) => {
  const { fromMe, remote, id } = WPP.whatsapp.MsgKey.fromString(messageId);
  const other = isPerson(remote) ? otherIdOf(remote) : null;
  return other === null ? null : text(new WPP.whatsapp.MsgKey({ fromMe, remote: other, id }));
};
// The last part of an id is all that another message's quote says of it: its chat is looked through.
const SHORT_ID = /^[^_@]+$/;
const LOOKED_THROUGH = 500;
const messageByPart = async (part, chatId) => {
  const isIt = (message) => message.id.id === part && isMessage(message);
  const chat = chatId == null ? null : await chatFound(chatId);
  if (chat === null) return WPP.whatsapp.MsgStore.getModelsArray().find(isIt) ?? null;
  const shown = chat.msgs.getModelsArray().find(isIt);
  return shown ?? (await WPP.chat.getMessages(chat.id, { count: LOOKED_THROUGH })).find(isIt) ?? null;
};

const messageAt = async (messageId, chatId = null) => {
  if (SHORT_ID.test(messageId)) {
    return (await messageByPart(messageId, chatId)) ?? refuse("not_found", `There is no message ${messageId}.`);
  }
  const found = await messageFound(messageId);
  if (found) return found;
  const other = otherKeyOf(messageId);
  return (other && (await messageFound(other))) ?? refuse("not_found", `There is no message ${messageId}.`);
};

// What the page shows of a message whose sending failed says whether it may have gone out all the same.
const OUTCOME_MILLISECONDS = 10_000;
const outcomeOf = async (messageId, reason) => {
  const until = performance.now() + OUTCOME_MILLISECONDS;
  for (;;) {
    const message = await messageFound(messageId);
    if (!message || message.ack < 0) throw reason;
    if (message.ack > 0) return message;
    if (isDiskFull(reason) || performance.now() > until) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const why = isDiskFull(reason) ? DISK_IS_FULL : reason.message;
  return refuse("unknown", `Whether the message was sent is not known. ${why}`);
};

const contactsMessage = (cards) => {
  if (cards.length === 1) return { type: "vcard", body: cards[0].vcard, vcardFormattedName: cards[0].name };
  const vcardList = cards.map(({ name, vcard }) => ({ displayName: name, vcard, isMultiVcard: false }));
  return { type: "multi_vcard", vcardList };
};

// One function for each kind of message: it is given the chat, the content and WA-JS's options, and returns what WA-JS
// returned.
const senders = {
  text: (chat, content, options) =>
    WPP.chat.sendTextMessage(chat.id, content.body, { ...options, linkPreview: content.linkPreview }),
  location: (chat, { latitude, longitude, title }, options) =>
    WPP.chat.sendLocationMessage(chat.id, { ...options, lat: latitude, lng: longitude, name: title }),
  contacts: (chat, { cards }, options) => WPP.chat.sendRawMessage(chat.id, contactsMessage(cards), options),
  poll: (chat, { name, choices, several }, options) =>
    WPP.chat.sendCreatePollMessage(chat.id, name, choices, { ...options, selectableCount: several ? 0 : 1 }),
  event: (chat, { name, description, startTime, endTime, place }, options) =>
    WPP.chat.sendEventMessage(chat.id, {
      ...options,
      ...{ name, startTime },
      ...(description && { description }),
      ...(endTime && { endTime }),
      ...(place && { location: { degreesLatitude: 0, degreesLongitude: 0, name: place } }),
    }),
  preview: async (chat, { body, preview: { url, title, description }, file }, options) => {
    const thumbnail = file == null ? {} : { thumbnail: await thumbnailOf(file) };
    const words = { title, description, canonicalUrl: url, matchedText: url, richPreviewType: 0, doNotPlayInline: true };
    return WPP.chat.sendTextMessage(chat.id, body, { ...options, linkPreview: { ...words, ...thumbnail } });
  },
  file: (chat, content, options) => sendFile(chat, content, options),
};

// "all" stands for everybody of the group but us.
const mentioned = async (chat, mentions) => {
  if (!mentions.includes("all")) return mentions;
  const { participants } = await ownGroup(text(chat.id));
  return participants.getModelsArray().map(({ id }) => text(id)).filter((id) => !isMe(id));
};

calls.send = async ({ kind, token, ...content }) => {
  const chat = await chatToWriteTo(content.chatId);
  if (isStatus(chat.id) && kind === "file") return plain(await postFile(content));
  const messageId = await idWith(chat, token);
  const earlier = await messageFound(messageId);
  if (earlier?.ack < 0) refuse("not_taken", "WhatsApp did not take this message at an earlier try.");
  if (earlier) return plain(await outcomeOf(messageId, new Error("An earlier try has not come to an end.")));
  await requireUnrestricted(chat);
  // Before it is sent, so that its echo in chat.new_message is known as ours.
  remember(messageId);
  // WA-JS marks "@all" in a group's text by a module of the page, and fails where the page has none.
  const saysAll = (content.body ?? content.caption ?? "").includes("@all");
  const detectMentioned = !saysAll || Boolean(WPP.whatsapp.WAWebNonJidMentionType?.MENTION_ALL);
  const options = { waitForAck: true, markIsRead: false, detectMentioned, messageId };
  if (content.replyTo) options.quotedMsg = await messageAt(content.replyTo, content.chatId);
  if (content.mentions?.length) options.mentionedList = await mentioned(chat, content.mentions);
  try {
    const sent = await (isStatus(chat.id) ? post(kind, content, options) : senders[kind](chat, content, options));
    await requireTaken(sent.sendMsgResult ?? {});
    return plain(WPP.whatsapp.MsgStore.get(sent.id));
  } catch (error) {
    return plain(await outcomeOf(messageId, error));
  }
};

// A chat's last messages, oldest first.
calls.messages = async ({ chatId, limit }) => {
  if (isStatus(chatId)) return posts().slice(-limit).map(plain);
  const chat = await chatFound(chatId);
  if (!chat) return [];
  for (let count = limit; ; count *= 2) {
    const all = await WPP.chat.getMessages(chat.id, { count });
    const messages = all.filter(isMessage);
    if (messages.length >= limit || all.length < count) return messages.slice(-limit).map(plain);
  }
};

calls.message = async ({ messageId, chatId }) => plain(await messageAt(messageId, chatId));
