import {registry} from "@web/core/registry";

// What takes longer than this is not slow but missing. Odoo's own ten seconds are not
// enough on a small machine that does other things beside.
const PATIENCE = 60000;

/** Add a tour whose steps are patient; tours themselves know no such key. */
export function addTour(name, tour) {
    registry.category("web_tour.tours").add(name, {
        ...tour,
        steps: () => tour.steps().map((step) => ({timeout: PATIENCE, ...step})),
    });
}
