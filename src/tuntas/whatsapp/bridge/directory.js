// The directory: chats, people, what they show of themselves, whom we block.

const tellEvent = (name, payload) => report("event", { name, payload });
const seconds = () => Math.floor(Date.now() / 1000);

const CHANGE_LIMIT_MILLISECONDS = 10_000;

// WA-JS starts some changes without waiting for them; they are done when the model says so.
const becomes = (model, attribute, wanted) =>
  new Promise((resolve, reject) => {
    const finish = (settle, value) => {
      clearTimeout(timer);
      whenDiskIsFull.delete(diskIsFull);
      model.off(`change:${attribute}`, look);
      settle(value);
    };
    const look = () => model[attribute] === wanted && finish(resolve);
    const diskIsFull = (error) => finish(reject, error);
    whenDiskIsFull.add(diskIsFull);
    const timer = setTimeout(
      () => finish(reject, new Error(`WhatsApp Web did not change ${attribute} in time`)),
      CHANGE_LIMIT_MILLISECONDS,
    );
    model.on(`change:${attribute}`, look);
    look();
  });

// --- chats ----------------------------------------------------------------------------------------------------

const lastMessageOf = (chat) => {
  const last = chat.msgs?.getModelsArray?.().findLast(isMessage) ?? WPP.whatsapp.MsgStore.get(chat.lastReceivedKey);
  return last && isMessage(last) ? plain(last) : null;
};

const plainChat = (chat) => ({
  id: text(chat.id),
  pn: pnOf(chat.id),
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
  const wanted = ids == null ? null : new Set(ids.map((id) => text((chatOf(id) ?? { id }).id)));
  return WPP.whatsapp.ChatStore.getModelsArray()
    .filter((chat) => !isStatus(chat.id) && (wanted === null || wanted.has(text(chat.id))))
    .map((chat) => [key(chat), chat])
    .sort(([one], [other]) => (one < other ? -order : one > other ? order : 0))
    .slice(offset, offset + limit)
    .map(([, chat]) => chat);
};

// Whoever hides the picture from us, or has none, has no address.
const pictureOf = async (id) => (await WPP.contact.getProfilePictureUrl(id).catch(() => null)) ?? null;

WPP.on("conn.main_ready", () =>
  WPP.whatsapp.ChatStore.on("change:archive", (chat) =>
    tellEvent("chat.archive", {
      id: text(chat.id),
      pn: pnOf(chat.id),
      archived: Boolean(chat.archive),
      timestamp: seconds(),
    }),
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

// WA-JS makes a number of whatever went wrong; the page's own promise has the reason.
const emptied = async (chat, { status }, promise, what) => {
  if (status === 200) return;
  await chat.promises?.[promise];
  throw new Error(`WhatsApp did not ${what} the chat (${status})`);
};

calls.deleteChat = async ({ chatId }) => {
  const chat = await chatAt(chatId);
  await emptied(chat, await WPP.chat.delete(chat.id), "sendDelete", "delete");
};

calls.clearChat = async ({ chatId }) => {
  const chat = await chatAt(chatId);
  await emptied(chat, await WPP.chat.clear(chat.id, false), "sendClear", "clear");
};

calls.archiveChat = async ({ chatId, archived }) => {
  const chat = await chatAt(chatId);
  if (Boolean(chat.archive) === archived) return;
  await WPP.chat.archive(chat.id, archived);
  await becomes(chat, "archive", archived);
};

calls.markUnread = async ({ chatId }) => void (await WPP.chat.markIsUnread((await chatAt(chatId)).id));

calls.picture = ({ id }) => pictureOf(id);

// --- people ---------------------------------------------------------------------------------------------------

// The block list may have either id.
const isBlocked = (wid) => bothIdsOf(wid).some((id) => WPP.blocklist.isBlocked(id));

const plainContact = (contact) => ({
  id: text(contact.id),
  pn: pnOf(contact.id),
  lid: isPerson(contact.id) ? text(lidOf(contact.id)) : null,
  number: pnOf(contact.id)?.split("@", 1)[0] ?? null,
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
  const id = isPerson(contactId) ? (await onWhatsApp(contactId)).wid : widAt(contactId);
  const contact = isPerson(id) ? contactAt(id) : await WPP.contact.get(id);
  return plainContact(contact ?? refuse("not_found", `There is no contact ${contactId}.`));
};

// Of somebody who is in the page under both ids the one with the number is shown.
const isSecond = (contact, all) => {
  const number = contact.id.isLid() ? otherIdOf(contact.id) : null;
  return number !== null && all.some((one) => isSame(one.id, number));
};

calls.contacts = async ({ limit, offset, sortBy, descending }) => {
  const order = descending ? -1 : 1;
  const all = await WPP.contact.list();
  return all
    .filter((contact) => !isSecond(contact, all))
    .map(plainContact)
    .map((contact) => [String(contact[sortBy] ?? "").toLowerCase(), contact])
    .sort(([one], [other]) => (one < other ? -order : one > other ? order : 0))
    .slice(offset, offset + limit)
    .map(([, contact]) => contact);
};

calls.numberExists = async ({ contactId }) => {
  const found = await existing(contactId);
  if (!found) return { numberExists: false, chatId: null };
  const lid = text(found.lid ?? lidOf(found.wid));
  return { numberExists: true, chatId: text(found.wid), pn: pnOf(found.wid), lid };
};

calls.about = async ({ contactId }) => {
  const { wid } = await onWhatsApp(contactId);
  return (await WPP.contact.getStatus(wid)) ?? null;
};

calls.contactPicture = async ({ contactId }) => {
  const { wid } = await onWhatsApp(contactId);
  return pictureOf(wid);
};

calls.block = async ({ contactId, blocked }) => {
  const { wid } = await onWhatsApp(contactId);
  await (blocked ? WPP.blocklist.blockContact(wid) : WPP.blocklist.unblockContact(wid));
};

// WA-JS saves people by their numbers only.
calls.saveContact = async ({ contactId, firstName, lastName }) => {
  const number = numberOf((await onWhatsApp(contactId)).wid);
  if (number === null) throw new Error(`WhatsApp Web does not know the number of ${contactId}, and saves people by it.`);
  await WPP.contact.save(text(number), firstName, { lastName, syncAddressBook: true });
};

// --- linking --------------------------------------------------------------------------------------------------

calls.pairingCode = ({ number }) => WPP.conn.genLinkDeviceCodeForPhoneNumber(number);
