/** The version of this package. It stands here so that a bundle knows it without a file; a test holds it against package.json. */
export const version = '0.1.0';
