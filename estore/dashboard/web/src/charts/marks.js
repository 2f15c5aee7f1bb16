// Marks on days: where a day is narrower than a mark, neighbors share one.

/** From one mark to the next, in px. */
const APART = 12;

/**
 * @param {boolean[]} flags by day
 * @param {number} each px of a day
 * @returns {number[][]} the days of each mark
 */
export function marked(flags, each) {
  const found = [];
  flags.forEach((has, index) => {
    const last = found.at(-1);
    if (!has) return;
    if (last && (index - last[0]) * each < APART) last.push(index);
    else found.push([index]);
  });
  return found;
}
