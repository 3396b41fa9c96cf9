// Runs wppconnect clients that do as they are told, until standard input ends; the same language as whatsapp_web_js/bots.js:
// a line {client, event, values} for what is told, a line {request, client, code} for a request, {request, value} or
// {request, error} for its answer. A client is created by its first request.
'use strict';

const readline = require('node:readline');
const library = require('@wppconnect-team/wppconnect');

const { clientIds, dataPath, puppeteer, headless, args } = JSON.parse(process.argv[2]);
const AsyncFunction = (async () => {}).constructor;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const clients = new Map();
// Standard output is ours.
console.log = console.error;
library.defaultLogger.transports.forEach((transport) => (transport.silent = true));

async function create(session) {
    const tell = (event) => (...values) => say({ client: session, event, values });
    const client = await library.create({
        session,
        folderNameToken: dataPath,
        headless,
        puppeteerOptions: puppeteer,
        browserArgs: args,
        whatsappVersion: null, // the page that is served, and not one out of a package
        autoClose: 0,
        disableWelcome: true,
        updatesLog: false,
        logQR: false,
        catchQR: (image, _ascii, _attempt, code) => tell('qr')(code, image.slice(0, 22)),
        statusFind: tell('status'),
    });
    client.onMessage(tell('message'));
    client.onAck(tell('ack'));
    client.onStateChange(tell('state'));
    clients.set(session, client);
}

async function answer({ request, client, code }) {
    try {
        const value = await new AsyncFunction('create', 'client', 'library', code)(
            () => create(client),
            clients.get(client),
            library,
        );
        say({ request, value: value ?? null });
    } catch (error) {
        say({ request, error: String(error?.stack ?? error) });
    }
}

async function main() {
    clientIds.forEach((clientId) => say({ client: clientId, event: 'here', values: [] }));
    for await (const line of readline.createInterface({ input: process.stdin })) answer(JSON.parse(line));
}

main().then(() => process.exit(0));
