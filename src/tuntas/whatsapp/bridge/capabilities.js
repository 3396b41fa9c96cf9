// What the page at hand can do, beyond what every session must be able to.
//
// A capability is there when all of its names are; of names with a bar between them one is enough. Those that begin with
// WAWeb are WhatsApp's own modules, the others stand below WPP. Names are used only where the real page has them: a
// wrong one here would take away what works. WhatsApp's modules
// come late, and some accounts are not given some of them at all: what lacks is looked for again, every second for a
// minute and then whenever the server asks the page for life.

const CAPABILITIES = {
  files: ["chat.sendFileMessage", "whatsapp.OpaqueData", "whatsapp.MediaPrep|WAWebPrepRawMedia.prepRawMedia"],
  downloads: ["chat.downloadMedia"],
  locations: ["chat.sendLocationMessage"],
  contact_cards: ["chat.sendRawMessage"],
  // A page that has no votes has no polls, whatever could be sent: nobody could be heard.
  polls: ["chat.sendCreatePollMessage", "WAWebPollsSendVoteMsgAction.sendVote"],
  events: ["chat.sendEventMessage"],
  status_posts: [
    "status.sendTextStatus",
    "status.sendImageStatus",
    "status.sendVideoStatus",
    "whatsapp.StatusV3Store",
    "whatsapp.functions.revokeStatus",
    "whatsapp.functions.encryptAndSendStatusMsg",
  ],
  forwards: ["chat.forwardMessages", "whatsapp.functions.forwardMessages"],
  reactions: ["chat.sendReactionToMessage", "whatsapp.functions.sendReactionToMsg"],
  edits: ["chat.editMessage", "whatsapp.functions.addAndSendMessageEdit"],
  deletions: ["chat.deleteMessage"],
  pins: ["chat.pinMsg", "chat.unpinMsg", "whatsapp.functions.sendPinInChatMsg"],
  stars: ["chat.starMessage"],
  seen: ["chat.markIsRead", "whatsapp.functions.sendSeen"],
  unread: ["chat.markIsUnread", "whatsapp.functions.markUnread"],
  typing: ["chat.markIsComposing", "chat.markIsPaused", "whatsapp.ChatPresence"],
  presence: ["contact.subscribePresence", "whatsapp.PresenceStore", "whatsapp.functions.subscribePresence"],
  archive: ["chat.archive"],
  clear_chats: ["chat.clear", "whatsapp.functions.sendClear"],
  delete_chats: ["chat.delete", "whatsapp.functions.sendDelete"],
  pictures: ["contact.getProfilePictureUrl", "whatsapp.ProfilePicThumbStore"],
  about: ["contact.getStatus", "whatsapp.StatusStore"],
  number_check: ["contact.queryExists", "whatsapp.functions.queryWidExists"],
  save_contacts: ["contact.save", "whatsapp.functions.saveContactAction"],
  blocking: ["whatsapp.functions.blockContact", "whatsapp.functions.unblockContact"],
  pairing_code: [
    "conn.genLinkDeviceCodeForPhoneNumber",
    "whatsapp.functions.initializeAltDeviceLinking|whatsapp.functions.genLinkDeviceCodeForPhoneNumber",
  ],
  groups: ["whatsapp.GroupMetadataStore"],
  create_groups: ["group.create", "whatsapp.functions.createGroup|whatsapp.functions.sendCreateGroup"],
  group_participants: [
    "whatsapp.functions.removeParticipants",
    "whatsapp.functions.promoteParticipants",
    "whatsapp.functions.demoteParticipants",
  ],
  group_texts: ["whatsapp.functions.sendSetGroupSubject", "whatsapp.functions.sendSetGroupDescription"],
  group_settings: ["group.setProperty", "whatsapp.functions.sendSetGroupProperty"],
  group_invitations: ["whatsapp.functions.sendQueryGroupInvite", "whatsapp.functions.sendRevokeGroupInviteCode"],
  group_requests: [
    "group.getMembershipRequests",
    "whatsapp.functions.getMembershipApprovalRequests",
    "whatsapp.functions.membershipApprovalRequestAction",
  ],
  leave_groups: ["group.leave", "whatsapp.functions.sendExitGroup"],
  channels: [
    "newsletter.create",
    "newsletter.destroy",
    "newsletter.follow",
    "newsletter.unfollow",
    "newsletter.mute",
    "whatsapp.NewsletterStore",
    "whatsapp.functions.createNewsletterQuery",
    "whatsapp.functions.deleteNewsletter",
    "whatsapp.functions.mexJoinNewsletter",
    "whatsapp.functions.mexLeaveNewsletter",
    "whatsapp.functions.queryNewsletterMetadataByJid",
  ],
  channel_search: ["whatsapp.functions.mexFetchNewsletterDirectorySearchResults"],
  calls: ["call.reject", "whatsapp.CallStore", "whatsapp.functions.getVoipStackInterface"],
  labels: [
    "labels.addNewLabel",
    "labels.addOrRemoveLabels",
    "labels.deleteLabel",
    "whatsapp.LabelStore",
    "whatsapp.functions.labelAddAction",
    "whatsapp.functions.getAllLabelColors",
    "whatsapp.functions.getNextLabelId",
  ],
  timelock: ["WAWebMexFetchReachoutTimelockJob.mexFetchReachoutTimelock"],
  capping: ["WAWebMexFetchNewChatMessageCappingInfoJob.mexFetchNewChatMessageCapping"],
  profile_name: ["profile.setMyProfileName", "whatsapp.functions.setPushname"],
  profile_about: ["profile.setMyStatus", "whatsapp.functions.setMyStatus"],
  profile_picture: [
    "profile.setMyProfilePicture",
    "whatsapp.functions.sendSetPicture",
    "whatsapp.functions.requestDeletePicture",
  ],
};

const LOOK_AGAIN_MILLISECONDS = 1000;
const LOOK_AGAIN_FOR_MILLISECONDS = 60_000;

// As the page names itself; WA-JS's own reading of it comes later.
const pageVersion = () => {
  try {
    return String(globalThis.Debug?.VERSION ?? require("WAWebBuildConstants").VERSION_STR);
  } catch {
    return "";
  }
};

let toldOfPage = "";
const tellPage = (lacking) => {
  const said = { version: pageVersion(), waJs: WPP.version ?? "", lacking };
  if (toldOfPage === (toldOfPage = JSON.stringify(said))) return;
  report("page", said);
};

// One at a time: to look for a function is to search thousands of modules, and the page goes on meanwhile.
const lookFor = async (names) => {
  const lacking = {};
  for (const name of names) {
    const there = missing(CAPABILITIES[name]);
    if (there.length > 0) lacking[name] = there;
    await new Promise((resolve) => setTimeout(resolve));
  }
  return lacking;
};

let lacking = null;
let looking = null;
const lookAtCapabilities = () => {
  looking ??= lookFor(Object.keys(lacking ?? CAPABILITIES))
    .then((found) => tellPage((lacking = found)))
    .finally(() => (looking = null));
  return looking;
};

const lookAgainFor = (milliseconds) => {
  if (milliseconds <= 0 || lacking === null || Object.keys(lacking).length === 0) return;
  setTimeout(async () => {
    await lookAtCapabilities();
    lookAgainFor(milliseconds - LOOK_AGAIN_MILLISECONDS);
  }, LOOK_AGAIN_MILLISECONDS);
};

let firstLook = null;
const knowCapabilities = () => {
  firstLook ??= lookAtCapabilities().then(() => lookAgainFor(LOOK_AGAIN_FOR_MILLISECONDS));
  return firstLook;
};

// --- calls ----------------------------------------------------------------------------------------------------

// All that is needed and not there at this moment, required or not; for looking at a page that has no account.
calls.examine = async () => {
  const required = WPP.isInjected ? missing(Object.values(NEEDED).flat()) : ["loader.injected"];
  const found = WPP.isInjected ? await lookFor(Object.keys(CAPABILITIES)) : {};
  return { version: pageVersion(), waJs: WPP.version ?? "", required, lacking: found };
};
