// What came while nobody listened: the page has it in its own storage, whether or not it could tell us then.

// Of one answer. After a week away there may be more than fits into a message of the pipe, or into anybody's memory.
const MOST_OF_A_PART = 1024 * 1024;

// The messages since a moment (Unix seconds), oldest first; of each chat at most its last `limit`. Those of `waiting`
// could not be read when they came, however long ago that was. A part ends beyond `seen`, so that the next one, which
// is asked for from its end, brings something new.
calls.messagesSince = async ({ since, seen, limit, waiting }) => {
  const found = new Map();
  for (const id of waiting) {
    const message = await WPP.chat.getMessageById(id).catch(() => null);
    if (message !== null) found.set(id, message);
  }
  const note = (messages) => {
    for (const message of messages) {
      if ((message.t ?? 0) >= since && !isEcho(message)) found.set(text(message.id), message);
    }
  };
  note(posts().slice(-limit));
  for (const chat of [...WPP.whatsapp.ChatStore.getModelsArray(), ...ownChannels()]) {
    if (isStatus(chat.id) || (chat.t ?? Infinity) < since) continue;
    note(await WPP.chat.getMessages(chat.id, { count: limit }));
  }
  const part = [];
  let size = 0;
  let isBeyond = false;
  const all = [...found.values()].filter(isMessage).sort((one, other) => (one.t ?? 0) - (other.t ?? 0));
  for (const message of all) {
    if (size > MOST_OF_A_PART && isBeyond) return { messages: part, isAll: false };
    followUntilReadable(message);
    const told = plain(message);
    part.push(told);
    size += JSON.stringify(told).length;
    isBeyond ||= told.t > seen && told.type !== UNREADABLE;
  }
  return { messages: part, isAll: true };
};
