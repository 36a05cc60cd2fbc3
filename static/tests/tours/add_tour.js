import {registry} from "@web/core/registry";

// What takes longer than this is not slow but missing. Odoo's own ten seconds are not
// enough on a small machine that does other things beside.
const PATIENCE = 60000;

export function addTour(name, tour) {
    registry.category("web_tour.tours").add(name, {timeout: PATIENCE, ...tour});
}
