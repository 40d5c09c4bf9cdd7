// A neighbour that says what it is told to: HTTPS on port 7080 of the machine it runs on.
//
// The first line of stdin is JSON: {key, cert, answers: {path: {status?, body}}}; a path with null is never answered, others are 404. Prints each path that it is asked for, and "listening" first. Ends with stdin.

import https from 'node:https';
import process from 'node:process';
import { createInterface } from 'node:readline';

const lines = createInterface(process.stdin);
lines.once('line', (line) => {
  const { key, cert, answers } = JSON.parse(line);
  https.createServer({ key, cert, minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false }, (request, response) => {
    request.resume();
    console.log(request.url);
    const answer = answers[request.url];
    if (answer !== null) response.writeHead(answer ? answer.status ?? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer?.body ?? {}));
  }).listen(7080, '0.0.0.0', () => console.log('listening'));
});
lines.on('close', () => process.exit(0));
