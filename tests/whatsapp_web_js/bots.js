// Runs whatsapp-web.js clients that do as they are told, until standard input ends. Every event of theirs is a line
// {client, event, values}. A request is a line {request, client, code}: the body of an async function of the client and
// the library. Its answer is a line {request, value} or {request, error}.
'use strict';

const readline = require('node:readline');
const library = require('whatsapp-web.js');

const { clientIds, dataPath, puppeteer, options } = JSON.parse(process.argv[2]);
const AsyncFunction = (async () => {}).constructor;
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const clients = new Map(clientIds.map((clientId) => [clientId, newClient(clientId)]));

function newClient(clientId) {
    const authStrategy = new library.LocalAuth({ clientId, dataPath });
    const client = new library.Client({ authStrategy, puppeteer, ...options });
    for (const event of Object.values(library.Events)) {
        client.on(event, (...values) => say({ client: clientId, event, values }));
    }
    return client;
}

async function answer({ request, client, code }) {
    try {
        const value = await new AsyncFunction('client', 'library', code)(clients.get(client), library);
        say({ request, value: value ?? null });
    } catch (error) {
        say({ request, error: String(error?.stack ?? error) });
    }
}

async function main() {
    for await (const line of readline.createInterface({ input: process.stdin })) answer(JSON.parse(line));
}

main().then(() => process.exit(0));
