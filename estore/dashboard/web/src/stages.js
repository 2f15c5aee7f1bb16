// Stages of the funnel that the source sends at all: a rate of one that it does not send is unknown, not 0 or 100 %.

const STAGES = ['view', 'cart', 'purchase'];
let sent = STAGES;

/** @param {string[]} [types] event types with any event in all the data */
export function useStages(types = STAGES) {
  sent = types;
}

/** Why a number over these stages is unknown, or null. A shop without any event has its own words. */
export function unsent(...stages) {
  const missing = sent.length ? stages.find((stage) => !sent.includes(stage)) : undefined;
  return missing ? `This source has no ${missing} events.` : null;
}
