// What came while nobody listened: the page has it in its own storage, whether or not it could tell us then.

// Not messages of people: what WhatsApp writes into a chat by itself, and what cannot be read yet.
const OF_THE_SYSTEM = new Set([
  "ciphertext", "e2e_notification", "notification", "notification_template", "gp2", "protocol", "broadcast_notification",
]);

// The messages since a moment (Unix seconds), oldest first; of each chat at most its last `limit`.
calls.messagesSince = async ({ since, limit }) => {
  const found = [];
  for (const chat of WPP.whatsapp.ChatStore.getModelsArray()) {
    if ((chat.t ?? Infinity) < since) continue;
    const messages = await WPP.chat.getMessages(chat.id, { count: limit });
    found.push(...messages.filter((message) => (message.t ?? 0) >= since && !OF_THE_SYSTEM.has(message.type)));
  }
  return found.map(plain).sort((one, other) => one.t - other.t);
};
