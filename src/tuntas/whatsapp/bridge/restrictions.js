// What WhatsApp does not let the account do for a while: write to people who never wrote to it (the reach-out timelock),
// or begin more chats (the capping).
//
// WhatsApp's own page keeps what its server told it, and does not even try what is forbidden: to try makes it worse.
// Neither do we. Nothing is asked of the server while all is well; a page that knows no restrictions just sends, and
// what its server does not take is told by the same word.

const ownModule = (id) => {
  try {
    return require(id);
  } catch {
    return null; // not every page has it, and it may come late
  }
};
const timelockUtils = () => ownModule("WAWebReachoutTimelockUtils");
const cappingUtils = () => ownModule("WAWebIndividualNewChatMessageCappingLimitUtils");

const isTimelocked = () => Boolean(timelockUtils()?.isUserReachoutTimelocked?.());
const isCapped = () => Boolean(cappingUtils()?.isUserCapped?.());

const wholeSeconds = (time) => {
  const number = Number(time);
  if (!Number.isFinite(number) || number <= 0) return null;
  return Math.floor(number > 1e11 ? number / 1000 : number);
};
const word = (value) => (value == null ? null : String(value));
const plainTimelock = ({ is_active: isActive, time_enforcement_ends: ends, enforcement_type: type }) => ({
  isActive: Boolean(isActive),
  ends: isActive ? wholeSeconds(ends) : null,
  type: isActive ? word(type) : null,
});
const plainCapping = (info) => ({
  status: word(info.capping_status) ?? "NONE",
  totalQuota: Number(info.total_quota ?? -1),
  usedQuota: Number(info.used_quota ?? 0),
  cycleStart: wholeSeconds(info.cycle_start_timestamp),
  cycleEnd: wholeSeconds(info.cycle_end_timestamp),
  mvStatus: word(info.mv_status),
  oteStatus: word(info.ote_status),
});

const askTimelock = async () =>
  plainTimelock(await require("WAWebMexFetchReachoutTimelockJob").mexFetchReachoutTimelock());
const askCapping = async () =>
  plainCapping(await require("WAWebMexFetchNewChatMessageCappingInfoJob").mexFetchNewChatMessageCapping());

// --- telling ----------------------------------------------------------------------------------------------------

const knownRestrictions = { timelock: null, capping: null };
let toldRestrictions = "";
const tellRestrictions = (found) => {
  Object.assign(knownRestrictions, found);
  const now = JSON.stringify(knownRestrictions);
  if (now !== toldRestrictions) report("restrictions", knownRestrictions);
  toldRestrictions = now;
};

// Only a timelock that is in force is asked about: the page keeps to itself until when.
const UNTIL_WHEN_IS_NOT_KNOWN = { isActive: true, ends: null, type: null };
const lookAtRestrictions = async () => {
  const isLocked = isTimelocked();
  const timelock = isLocked ? await askTimelock().catch(() => UNTIL_WHEN_IS_NOT_KNOWN) : plainTimelock({});
  const kept = cappingUtils()?.getCappingData?.();
  tellRestrictions({ ...(timelockUtils() && { timelock }), ...(kept && { capping: plainCapping(kept) }) });
};

let lastLook = Promise.resolve();
const knowRestrictions = () => (lastLook = lastLook.then(lookAtRestrictions).catch(() => {}));

WPP.on("loader.injected", () => {
  WPP.whatsapp.Cmd.on("reachout_timelock_state_change new_chat_message_capping_state_change", knowRestrictions);
});

// --- before and after sending -------------------------------------------------------------------------------------

const endOf = (kind) => (kind === "timelock" ? knownRestrictions.timelock?.ends : knownRestrictions.capping?.cycleEnd);
const refuseRestricted = (kind) => refuse("restricted", `${kind} ${endOf(kind) ?? 0}`);

// The page may not have heard that it is over.
const askWhetherItIsOver = async () => {
  if ((endOf("timelock") ?? 0) * 1000 > Date.now()) return;
  await ownModule("WAWebGetReachoutTimelockJob")?.fetchReachoutTimelock?.();
  await knowRestrictions();
};

// The chat is null where there is none yet.
const restrictionOn = (chat) => {
  const asked = chat && { chat, contact: chat.contact ?? contactAt(chat.id) };
  const isOpen = (may) => {
    try {
      return chat !== null && (!isPerson(chat.id) || may?.(asked) !== false);
    } catch {
      return true; // a page that judges in another way: its server will say
    }
  };
  if (isTimelocked() && !isOpen(timelockUtils().canSendMsgWhileTimelocked)) return "timelock";
  if (isCapped() && !isOpen(cappingUtils().canSendMsgWhileCapped)) return "capping";
  return null;
};

const requireUnrestricted = async (chat) => {
  if (restrictionOn(chat) === null) return;
  if (restrictionOn(chat) === "timelock") await askWhetherItIsOver();
  const kind = restrictionOn(chat);
  if (kind !== null) refuseRestricted(kind);
};

// A message that the server did not take, for one of these reasons.
const RESTRICTED_BY = { 463: "timelock", ERROR_RATE_LIMIT: "capping" };
const refuseAsServerSays = async (kind) => {
  const ask = { timelock: askTimelock, capping: askCapping }[kind];
  await ask().then((found) => tellRestrictions({ [kind]: found }), () => {});
  refuseRestricted(kind);
};
const requireTaken = async ({ messageSendResult: result = "OK", error } = {}) => {
  const kind = RESTRICTED_BY[error] ?? RESTRICTED_BY[result];
  if (kind) await refuseAsServerSays(kind);
  if (result !== "OK") throw new Error(`WhatsApp did not take the message: ${result}`);
};

// A locked account makes no groups, adds nobody to one, and joins none: WhatsApp's own page does not open the dialogs for
// it, whoever would be in the group, and its server refuses it by the code of messages. The capping counts chats only.
const isReachOutRefused = (error) =>
  [error?.statusCode, error?.status, error?.code].some((code) => Number(code) === 463) ||
  /account_reachout_restricted/.test(String(error?.message ?? error));
const reachingOut = async (act) => {
  if (isTimelocked()) await askWhetherItIsOver();
  if (isTimelocked()) refuseRestricted("timelock");
  try {
    return await act();
  } catch (error) {
    return isReachOutRefused(error) ? refuseAsServerSays("timelock") : Promise.reject(error);
  }
};

// --- calls ----------------------------------------------------------------------------------------------------

calls.timelock = async () => {
  tellRestrictions({ timelock: await askTimelock() });
  return knownRestrictions.timelock;
};
calls.capping = async () => {
  tellRestrictions({ capping: await askCapping() });
  return knownRestrictions.capping;
};
