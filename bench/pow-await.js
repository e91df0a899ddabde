// pow-await - hashes a second of a Node program that awaits one scrypt after another
//
// That is how the service's reference clients search.  Prints one number.
const { scrypt } = require('node:crypto');
const { promisify } = require('node:util');

const hash = promisify(scrypt);
const cost = { N: 16384, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

async function main() {
  await hash('challenge:0', 'salt', 64, cost); // warm up
  const begin = process.hrtime.bigint();
  let nonce = 0;
  let passed;
  do {
    nonce += 1;
    await hash(`challenge:${nonce}`, 'salt', 64, cost);
    passed = Number(process.hrtime.bigint() - begin) / 1e9;
  } while (passed < 1);
  console.log((nonce / passed).toFixed(3));
}

main();
