// Calls: that it rings, and what becomes of it as far as the page knows. Nobody speaks here.

const plainCall = ({ id, isGroup, isVideo, offerTime }, from) => ({
  id: String(id),
  from: text(from),
  fromPn: pnOf(from),
  timestamp: inSeconds(offerTime || seconds()),
  isVideo: Boolean(isVideo),
  isGroup: Boolean(isGroup),
  _data: {},
});

const callAt = (id) => {
  const { CallStore } = WPP.whatsapp;
  return CallStore?.activeCall?.id === id ? CallStore.activeCall : (CallStore?.get(id) ?? null);
};

// As pages since 2.3000 number them, and older ones named them.
const ACCEPTED = new Set([4, 6, 7, 11, "ACTIVE", "HANDLED_REMOTELY", "REMOTE_CALL_IN_PROGRESS"]);
const OVER = new Set([0, 13, "ENDED", "REJECTED", "FAILED", "NOT_ANSWERED"]);
const REJECTED_RESULT = 4;
const ACCEPTED_ELSEWHERE_RESULT = 6;
// The page notes on a call why it has ended a moment after it has.
const NOTED_AFTER_MILLISECONDS = 1000;

const endOfCall = (call) => {
  if (call.callLogResult === ACCEPTED_ELSEWHERE_RESULT) return "call.accepted";
  const isRejected = call.userEndedCall || call.callLogResult === REJECTED_RESULT || call.getState() === "REJECTED";
  return isRejected ? "call.rejected" : null;
};

const followCall = (call, told) => {
  const end = (name) => {
    call.off("change:state", look);
    if (name !== null) tellEvent(name, { ...told, timestamp: seconds() });
  };
  const look = () => {
    if (ACCEPTED.has(call.getState())) return end("call.accepted");
    if (!OVER.has(call.getState())) return;
    call.off("change:state", look);
    setTimeout(() => end(endOfCall(call)), NOTED_AFTER_MILLISECONDS);
  };
  call.on("change:state", look);
};

WPP.on("call.incoming_call", (offer) => {
  const told = plainCall(offer, offer.sender);
  tellEvent("call.received", told);
  const call = callAt(offer.id);
  if (call !== null) followCall(call, told);
});

// --- calls ------------------------------------------------------------------------------------------------------

calls.rejectCall = async ({ callId, from }) => {
  const call = callAt(callId);
  const isFrom = (wid) => bothIdsOf(wid).some((id) => isSame(id, from));
  if (call === null || !(isFrom(call.peerJid) || isSame(call.groupJid, from)) || OVER.has(call.getState())) {
    refuse("not_found", `No call ${callId} from ${from} rings.`);
  }
  await WPP.call.reject(callId);
};
