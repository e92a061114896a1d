// Reads a body a line, in base64, and answers with what JavaScript writes for it.
'use strict'

const readline = require('node:readline')

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const text = Buffer.from(line, 'base64').toString('utf8')
  const rewritten = JSON.stringify(JSON.parse(text))
  process.stdout.write(Buffer.from(rewritten, 'utf8').toString('base64') + '\n')
})
