// Everything at once that a hostile neighbourhood does to a node: node hostile.mjs UI-PORT PEER-PORT NODE-ID
// Prints "ready" when all of it is under way, and goes on until it is killed.
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';

const [ui, peer, id] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const HOST = '127.0.0.1';
const forever = (open) => {
  const socket = open();
  socket.on('error', () => {});
  if (socket.resume) socket.resume();
  socket.once('close', () => setTimeout(() => forever(open), 200));
  return socket;
};
const from = (i) => ({ host: HOST, localAddress: `127.${1 + (i % 200)}.0.1` });
const dripping = [];
const drip = (open, head) => forever(() => {
  const socket = open();
  socket.write(head);
  dripping.push(socket);
  socket.once('close', () => dripping.splice(dripping.indexOf(socket), 1));
  return socket;
});

for (let i = 0; i < 2000; i++) forever(() => net.connect({ ...from(i), port: i % 4 === 0 ? ui : peer })); // idle
for (let i = 0; i < 100; i++) drip(() => net.connect({ ...from(i), port: peer }), '\x16\x03\x01\x02\x00\x01\x00'); // half a handshake
for (let i = 0; i < 50; i++) drip(() => tls.connect({ ...from(i), port: peer, rejectUnauthorized: false }), 'GET /health HTTP/1.1\r\nX: ');
for (let i = 0; i < 50; i++) drip(() => net.connect(ui, HOST), `POST /api/v1/chat/send HTTP/1.1\r\nHost: ${HOST}:${ui}\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{`); // a lie
setInterval(() => { for (const socket of dripping) if (socket.writable) socket.write('x'); }, 1000);

forever(() => { // headers without end
  const socket = tls.connect({ ...from(1), port: peer, rejectUnauthorized: false });
  socket.write(`GET / HTTP/1.1\r\nX: ${'a'.repeat(10 * 1024 * 1024)}`);
  return socket;
});
for (let i = 0; i < 4; i++) { // floods of pipelined requests
  forever(() => {
    const socket = tls.connect({ ...from(i), port: peer, rejectUnauthorized: false });
    const flood = () => { while (!socket.destroyed && socket.write('GET /manifest HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(100))); };
    socket.on('secureConnect', flood);
    socket.on('drain', flood);
    return socket;
  });
}
for (let i = 0; i < 20; i++) { // tabs that never read
  forever(() => {
    const request = http.get({ host: HOST, port: ui, path: `/pubsub/v1/subscribe?topic=chat.message.${id}&since_seq=0`, headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': 13, 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' } });
    request.on('upgrade', (_response, socket) => socket.pause());
    return request;
  });
}
setTimeout(() => console.log('ready'), 3000);
