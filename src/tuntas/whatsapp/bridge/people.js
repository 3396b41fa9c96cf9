// People: each has a number and a hidden id (LID), and the page may know and name them by either. What is asked by one
// is found by the other; what is told has both, as far as the page knows them.

// The server knows errors by the word before the colon; see `calls.py`.
const refusals = new WeakSet();
const refuse = (word, sentence) => {
  const error = new Error(`${word}: ${sentence}`);
  refusals.add(error);
  throw error;
};

const isPerson = (id) => id != null && /@(c\.us|lid)$/.test(text(id));
const widAt = (id) => (typeof id === "string" ? WPP.whatsapp.WidFactory.createWid(id) : id);
const isSame = (one, other) => one != null && other != null && text(one) === text(other);

const ownNumber = () => WPP.conn.getMyUserId();
const ownLid = () => WPP.conn.getMyUserLid?.() ?? null;
const ownId = () => text(ownNumber());
// This very device of the account, in the form that WhatsApp's servers use; null where the page does not say.
const ownDevice = () => text(WPP.whatsapp.UserPrefs?.getMaybeMeDevicePn?.())?.replace(/@c\.us$/, "@s.whatsapp.net") ?? null;
const isMe = (wid) => isSame(wid, ownNumber()) || isSame(wid, ownLid());

// Somebody's number to a hidden id, or the hidden id to a number; null where the page does not know it.
const otherIdOf = (wid) => {
  if (isSame(wid, ownLid())) return ownNumber();
  if (isSame(wid, ownNumber())) return ownLid();
  const { getPhoneNumber, getCurrentLid } = WPP.whatsapp.functions;
  return (wid.isLid() ? getPhoneNumber?.(wid) : getCurrentLid?.(wid)) ?? null;
};
const bothIdsOf = (wid) => [wid, otherIdOf(wid)].filter((id) => id !== null);
const numberOf = (wid) => (wid.isLid() ? otherIdOf(wid) : wid);
const lidOf = (wid) => (wid.isLid() ? wid : otherIdOf(wid));

// As texts; null for what is no person.
const pnOf = (id) => (isPerson(id) ? text(numberOf(widAt(id))) : null);
const contactAt = (id) =>
  bothIdsOf(widAt(id))
    .map((wid) => WPP.whatsapp.ContactStore.get(wid))
    .find(Boolean) ?? null;
const pushNameOf = (id) => {
  if (!isPerson(id)) return null;
  return (isMe(widAt(id)) ? WPP.whatsapp.Conn.pushname : contactAt(id)?.pushname) ?? null;
};

// WhatsApp is not asked again for a while. What went wrong is no answer: WA-JS's own way says then that nobody is there.
const ANSWERED_MILLISECONDS = 300_000;
const NOBODY_MILLISECONDS = 15_000;
const MOST_ANSWERS = 1000;
const answers = new Map();
const asked = async (wid) => {
  const known = answers.get(text(wid));
  if (known && performance.now() < known.until) return known.found;
  const answer = (await WPP.whatsapp.functions.queryWidExists(wid)) ?? null;
  const found = answer && { wid: answer.wid, lid: answer.lid ?? lidOf(answer.wid) };
  answers.delete(text(wid));
  answers.set(text(wid), { found, until: performance.now() + (found ? ANSWERED_MILLISECONDS : NOBODY_MILLISECONDS) });
  if (answers.size > MOST_ANSWERS) answers.delete(answers.keys().next().value);
  return found;
};

// Who has this id on WhatsApp, as {wid, lid}, or null. `wid` is the id that WhatsApp knows them by.
const existing = async (contactId) => {
  const wid = widAt(contactId);
  if (contactAt(wid) !== null) return { wid, lid: lidOf(wid) };
  return asked(wid);
};
const onWhatsApp = async (contactId) =>
  (await existing(contactId)) ?? refuse("not_found", `${contactId} is not on WhatsApp.`);

// The chat with somebody, whichever of the two ids it has in the page.
const chatOf = (chatId) => {
  const chat = WPP.chat.get(chatId);
  if (chat || !isPerson(chatId)) return chat ?? null;
  const other = otherIdOf(widAt(chatId));
  return (other && WPP.chat.get(other)) ?? null;
};

// Some numbers are written in two ways (Brazil, Mexico, Argentina): WhatsApp says by which it knows a phone.
const chatFound = async (chatId) => {
  const known = chatOf(chatId);
  if (known || !text(chatId).endsWith("@c.us")) return known;
  const found = await existing(chatId);
  return found && !isSame(found.wid, chatId) ? chatOf(text(found.wid)) : null;
};
const chatAt = async (chatId) => (await chatFound(chatId)) ?? refuse("not_found", `There is no chat ${chatId}.`);

// To write to a number that nobody has is what machines do: WhatsApp is asked before the first message, and what it
// answers is written to.
const chatToWriteTo = async (chatId) => {
  const known = chatOf(chatId);
  if (known) return known;
  const { wid } = chatId.endsWith("@c.us") ? await onWhatsApp(chatId) : { wid: chatId };
  const found = chatOf(text(wid));
  if (!found && isPerson(wid)) await requireUnrestricted(null);
  return found ?? WPP.chat.find(wid);
};

// --- calls ----------------------------------------------------------------------------------------------------

// Each person of whom the page knows both ids, by the hidden one.
const pairs = () => {
  const { ContactStore, ChatStore } = WPP.whatsapp;
  const known = [...ContactStore.getModelsArray(), ...ChatStore.getModelsArray()].map((one) => one.id);
  const found = new Map();
  for (const wid of [ownNumber(), ...known].filter(isPerson)) {
    const [lid, pn] = [lidOf(wid), numberOf(wid)].map(text);
    if (lid !== null && pn !== null) found.set(lid, { lid, pn });
  }
  return [...found.values()].sort((one, other) => (one.lid < other.lid ? -1 : 1));
};

calls.lids = ({ limit, offset }) => pairs().slice(offset, offset + limit);
calls.lidCount = () => pairs().length;
calls.pairOf = async ({ contactId }) => {
  const wid = widAt(contactId);
  const found = otherIdOf(wid) === null ? await existing(contactId) : null;
  return { lid: text(lidOf(wid) ?? found?.lid ?? null), pn: pnOf(wid) ?? pnOf(found?.wid) };
};
