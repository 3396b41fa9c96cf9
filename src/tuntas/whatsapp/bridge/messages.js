// Messages: as the page tells of them, sending them, reading a chat.

// What this bridge sent itself, so that its echo is told apart from what the person typed on the phone.
const sentHere = new Set();
const remember = (id) => {
  sentHere.add(id);
  if (sentHere.size > 1000) sentHere.delete(sentHere.values().next().value);
};

// The server chooses what makes an id unique: then it can ask for a message of which it does not know whether it went.
const idWith = async (chat, token) => {
  const made = await WPP.chat.generateMessageID(chat);
  return text(made).replace(made.id, token);
};

const MEDIA = new Set(["image", "video", "audio", "ptt", "document", "sticker", "ptv"]);
const isMedia = (message) => MEDIA.has(message.type) && Boolean(message.mediaKey ?? message.directPath);

// A picture's `body` is its thumbnail; and WA-JS makes the file's name the caption where the sender wrote none.
const wordsOf = (message) => {
  if (MEDIA.has(message.type)) return message.isCaptionByUser === false ? "" : (message.caption ?? "");
  if (message.type === "poll_creation") return message.pollName ?? "";
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
  ...(message.mentionedJidList?.length && { mentionedIds: message.mentionedJidList.map(text) }),
  ...(message.isForwarded && { isForwarded: true }),
  ...(message.star && { isStarred: true }),
  ...(message.id?.remote?.isGroup?.() && message.author && { participant: text(message.author) }),
});

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
  replyTo: message.quotedStanzaID ?? null,
  details: detailsOf(message),
  source: sentHere.has(text(message.id)) ? "api" : "app",
});

// A receipt in a group comes with the reader in the place where the message's own id names its sender.
const ownIdOf = (key) => {
  const { fromMe, remote, id } = key;
  if (!remote?.isGroup?.()) return text(key);
  return text(new WPP.whatsapp.MsgKey({ fromMe, remote, id, participant: WPP.conn.getMyUserLid() }));
};

WPP.on("chat.new_message", (message) => {
  // What happens to a group is written into its chat like a message; groups.js tells of it.
  if (message.type !== "gp2") report("message", { message: plain(message) });
});
WPP.on("chat.msg_ack_change", ({ ack, chat, ids }) => {
  for (const id of ids) report("ack", { ack, chat: text(chat), id: ownIdOf(id), me: text(WPP.conn.getMyUserId()) });
});

// --- calls ----------------------------------------------------------------------------------------------------

const NOT_THERE = new Set(["msg_not_found", "chat_not_found"]);
const messageAt = async (messageId) => {
  try {
    return await WPP.chat.getMessageById(messageId);
  } catch (error) {
    if (NOT_THERE.has(error?.code)) refuse("not_found", `There is no message ${messageId}.`);
    throw error;
  }
};

// To write to a number that nobody has is what machines do: WhatsApp is asked before the first message.
const chatToWriteTo = async (chatId) => {
  if (chatId.endsWith("@c.us") && !WPP.chat.get(chatId)) await onWhatsApp(chatId);
  return WPP.chat.find(chatId);
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
  file: (chat, content, options) => sendFile(chat, content, options),
};

calls.send = async ({ kind, token, ...content }) => {
  const chat = await chatToWriteTo(content.chatId);
  const messageId = await idWith(chat, token);
  const known = await WPP.chat.getMessageById(messageId).catch(() => null);
  if (known) return plain(known);
  // Before it is sent, so that its echo in chat.new_message is known as ours.
  remember(messageId);
  const options = { waitForAck: true, markIsRead: false, messageId };
  if (content.replyTo) options.quotedMsg = await messageAt(content.replyTo);
  if (content.mentions?.length) options.mentionedList = content.mentions;
  const sent = await senders[kind](chat, content, options);
  const result = sent.sendMsgResult?.messageSendResult ?? "OK";
  if (result !== "OK") throw new Error(`WhatsApp did not take the message: ${result}`);
  return plain(WPP.whatsapp.MsgStore.get(sent.id));
};

// A chat's last messages, oldest first.
calls.messages = async ({ chatId, limit }) => {
  if (!WPP.chat.get(chatId)) return [];
  return (await WPP.chat.getMessages(chatId, { count: limit })).map(plain);
};

calls.message = async ({ messageId }) => plain(await messageAt(messageId));
