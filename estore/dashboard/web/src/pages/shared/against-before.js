// Tiles of a period against the same number of days just before it.

import { addDays, dayName, spanOf } from '../../days.js';
import { changeOf } from '../../ratio.js';

/**
 * @param {any} view
 * @param {any} now sums of the period
 * @param {any} before the same sums of the days before
 * @returns {(name: string, kind: any, value: (row: any) => number | null, counts?: (row: any) => string, unknown?: string | null) => import('../../tiles.js').Tile}
 */
export function tileAgainstBefore(view, now, before) {
  const [from, to] = [addDays(view.from, -spanOf(view.from, view.to)), addDays(view.from, -1)];
  // Days before the data start do not have zero sales.
  const days = from === to ? dayName(to) : `${dayName(from)} – ${dayName(to)}`;
  const against = from >= view.first ? `vs ${days}` : undefined;
  return (name, kind, value, counts, unknown) =>
    unknown
      ? { name, kind, value: null, note: unknown }
      : {
          name,
          kind,
          value: value(now),
          change: against ? changeOf(kind, value(now), value(before)) : null,
          against,
          note: against ? null : 'no equal period before',
          counts: counts?.(now),
        };
}
