// A message to oneself, to find out whether this page still hears.
//
// That the server takes a message is the answer to a request. Its receipt from the phone comes unasked, the way that all
// messages come: a page that gets none is deaf, or the phone is away. The message is deleted again and never told.

const ECHO = "Tuntas: does this device still hear?";
const echoes = new Set();
const isEcho = (message) => message.id?.fromMe && message.body === ECHO;

calls.echo = async ({ seconds: limit }) => {
  const chatId = text(WPP.conn.getMyUserId());
  let hear = () => {};
  const heard = new Promise((resolve) => {
    hear = resolve;
    setTimeout(() => resolve(false), limit * 1000);
  });
  const look = ({ ack, ids }) => ack >= 2 && ids.some((id) => echoes.has(id.id)) && hear(true);
  WPP.on("chat.msg_ack_change", look);
  try {
    const key = await WPP.chat.generateMessageID(chatId);
    echoes.add(key.id);
    const sent = await WPP.chat.sendTextMessage(chatId, ECHO, { waitForAck: true, markIsRead: false, messageId: text(key) });
    // In a chat with oneself the page may know at once that its message has arrived.
    if (WPP.whatsapp.MsgStore.get(sent.id)?.ack >= 2) hear(true);
    const isHeard = await heard;
    if (isHeard) await WPP.chat.deleteMessage(chatId, sent.id, true, false).catch(() => {});
    return isHeard;
  } finally {
    WPP.off("chat.msg_ack_change", look);
  }
};
