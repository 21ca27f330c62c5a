/** JSON that does not survive being parsed and encoded again in JavaScript. */
export const carriedTexts: readonly string[] = [
  '{"id":1234567890123456789,"f":1.0,"e":1e400,"dup":1,"dup":2}',
  '{"z":1,"10":2,"9":3}',
  '{"__proto__":{"polluted":true},"constructor":null}',
  '[-0, 0.10,1E+2 , "\\u00e9\\/\\u0041 \\uD83C\\uDFBA", "\u2028"]',
  '123456789012345678901234567890',
  '"line\\nfeed \\r\\n é🎺"',
];

/** With line breaks between its tokens, as pretty printers write it, and what comes out of it. */
export const brokenText = '{\r\n  "a": [\n 1.0,\r2 ],\n"s": "\\n"\n}';
export const mendedText = brokenText.replace(/[\r\n]/g, ' ');
