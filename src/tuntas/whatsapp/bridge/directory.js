// The directory: chats, people, what they show of themselves, whom we block.

// The server knows errors by the word before the colon; see `page.py`.
const refuse = (word, sentence) => {
  throw new Error(`${word}: ${sentence}`);
};

const tellEvent = (name, payload) => report("event", { name, payload });
const seconds = () => Math.floor(Date.now() / 1000);

const CHANGE_LIMIT_MILLISECONDS = 10_000;

// WA-JS starts some changes without waiting for them; they are done when the model says so.
const becomes = (model, attribute, wanted) =>
  new Promise((resolve, reject) => {
    const finish = (settle, value) => {
      clearTimeout(timer);
      model.off(`change:${attribute}`, look);
      settle(value);
    };
    const look = () => model[attribute] === wanted && finish(resolve);
    const timer = setTimeout(
      () => finish(reject, new Error(`WhatsApp Web did not change ${attribute} in time`)),
      CHANGE_LIMIT_MILLISECONDS,
    );
    model.on(`change:${attribute}`, look);
    look();
  });

// --- chats ----------------------------------------------------------------------------------------------------

const chatAt = (chatId) => WPP.chat.get(chatId) ?? refuse("not_found", `There is no chat ${chatId}.`);

const lastMessageOf = (chat) => {
  const last = chat.msgs?.getModelsArray?.().at(-1) ?? WPP.whatsapp.MsgStore.get(chat.lastReceivedKey);
  return last ? plain(last) : null;
};

const plainChat = (chat) => ({
  id: text(chat.id),
  name: chat.formattedTitle ?? chat.name ?? null,
  isGroup: chat.id.isGroup(),
  isReadOnly: Boolean(chat.isReadOnly),
  unreadCount: chat.unreadCount ?? 0,
  timestamp: chat.t ?? 0,
  archived: Boolean(chat.archive),
  pinned: Boolean(chat.pin),
  isMuted: Boolean(chat.mute?.isMuted),
  muteExpiration: chat.mute?.expiration ?? 0,
});

const SORTED_BY = {
  conversationTimestamp: (chat) => chat.t ?? 0,
  id: (chat) => text(chat.id),
  name: (chat) => String(chat.formattedTitle ?? "").toLowerCase(),
};

const chatsAsked = ({ limit, offset, sortBy, descending, ids }) => {
  const key = SORTED_BY[sortBy];
  const order = descending ? -1 : 1;
  return WPP.whatsapp.ChatStore.getModelsArray()
    .filter((chat) => ids == null || ids.includes(text(chat.id)))
    .map((chat) => [key(chat), chat])
    .sort(([one], [other]) => (one < other ? -order : one > other ? order : 0))
    .slice(offset, offset + limit)
    .map(([, chat]) => chat);
};

// Whoever hides the picture from us, or has none, has no address.
const pictureOf = async (id) => (await WPP.contact.getProfilePictureUrl(id).catch(() => null)) ?? null;

WPP.on("conn.main_ready", () =>
  WPP.whatsapp.ChatStore.on("change:archive", (chat) =>
    tellEvent("chat.archive", { id: text(chat.id), archived: Boolean(chat.archive), timestamp: seconds() }),
  ),
);

calls.chats = (asked) => chatsAsked(asked).map((chat) => ({ ...plainChat(chat), lastMessage: lastMessageOf(chat) }));

calls.chatOverview = (asked) =>
  Promise.all(
    chatsAsked(asked).map(async (chat) => ({
      ...plainChat(chat),
      picture: await pictureOf(chat.id),
      lastMessage: lastMessageOf(chat),
    })),
  );

calls.deleteChat = async ({ chatId }) => {
  const { status } = await WPP.chat.delete(chatAt(chatId).id);
  if (status !== 200) throw new Error(`WhatsApp did not delete the chat (${status})`);
};

calls.clearChat = async ({ chatId }) => {
  const { status } = await WPP.chat.clear(chatAt(chatId).id, false);
  if (status !== 200) throw new Error(`WhatsApp did not clear the chat (${status})`);
};

calls.archiveChat = async ({ chatId, archived }) => {
  const chat = chatAt(chatId);
  if (Boolean(chat.archive) === archived) return;
  await WPP.chat.archive(chat.id, archived);
  await becomes(chat, "archive", archived);
};

calls.markUnread = async ({ chatId }) => void (await WPP.chat.markIsUnread(chatAt(chatId).id));

calls.picture = ({ id }) => pictureOf(id);

// --- people ---------------------------------------------------------------------------------------------------

const onWhatsApp = async (contactId) =>
  (await WPP.contact.queryExists(contactId)) ?? refuse("not_found", `${contactId} is not on WhatsApp.`);

// Somebody is known by the number and by a hidden id; the block list may have either.
const otherIdOf = (wid) => {
  const { getPhoneNumber, getCurrentLid } = WPP.whatsapp.functions;
  return (wid.isLid() ? getPhoneNumber?.(wid) : getCurrentLid?.(wid)) ?? null;
};

const isBlocked = (wid) => [wid, otherIdOf(wid)].some((id) => id !== null && WPP.blocklist.isBlocked(id));

const plainContact = (contact) => ({
  id: text(contact.id),
  number: contact.id.server === "c.us" ? contact.id.user : null,
  name: contact.name ?? null,
  pushname: contact.pushname ?? null,
  shortName: contact.shortName ?? null,
  isMe: Boolean(contact.isMe),
  isGroup: contact.id.isGroup(),
  isUser: contact.id.isUser(),
  isWAContact: Boolean(contact.isWAContact),
  isMyContact: Boolean(contact.isMyContact),
  isBusiness: Boolean(contact.isBusiness),
  isBlocked: isBlocked(contact.id),
});

calls.contact = async ({ contactId }) => {
  if (!contactId.endsWith("@g.us")) await onWhatsApp(contactId);
  const contact = await WPP.contact.get(contactId);
  return plainContact(contact ?? refuse("not_found", `There is no contact ${contactId}.`));
};

calls.contacts = async ({ limit, offset, sortBy, descending }) => {
  const order = descending ? -1 : 1;
  return (await WPP.contact.list())
    .map(plainContact)
    .map((contact) => [String(contact[sortBy] ?? "").toLowerCase(), contact])
    .sort(([one], [other]) => (one < other ? -order : one > other ? order : 0))
    .slice(offset, offset + limit)
    .map(([, contact]) => contact);
};

calls.numberExists = async ({ contactId }) => {
  const found = await WPP.contact.queryExists(contactId);
  return { numberExists: found !== null, chatId: found === null ? null : text(found.wid) };
};

calls.about = async ({ contactId }) => {
  await onWhatsApp(contactId);
  return (await WPP.contact.getStatus(contactId)) ?? null;
};

calls.contactPicture = async ({ contactId }) => {
  await onWhatsApp(contactId);
  return pictureOf(contactId);
};

calls.block = async ({ contactId, blocked }) => {
  const { wid } = await onWhatsApp(contactId);
  await (blocked ? WPP.blocklist.blockContact(wid) : WPP.blocklist.unblockContact(wid));
};

// --- linking --------------------------------------------------------------------------------------------------

calls.pairingCode = ({ number }) => WPP.conn.genLinkDeviceCodeForPhoneNumber(number);
