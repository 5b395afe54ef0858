/** Its own, so that Vitest takes no other from a folder above. */
export default {};
