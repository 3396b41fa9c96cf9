// Runs in every document before WA-JS does. By default WA-JS reports to an analytics host and asks three foreign
// hosts for link previews; nothing may leave the page for anywhere but WhatsApp.
globalThis.WPPConfig = {
  disableGoogleAnalytics: true,
  linkPreviewApiServers: [],
};
