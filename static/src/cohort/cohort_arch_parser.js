import {exprToBoolean} from "@web/core/utils/strings";
import {visitXML} from "@web/core/utils/xml";

export const INTERVALS = ["day", "week", "month", "quarter", "year"];
export const MODES = ["retention", "churn"];
export const TIMELINES = ["forward", "backward"];

/** Reads `<cohort>`. The server has checked it: see `_validate_tag_cohort`. */
export class CohortArchParser {
    parse(arch, fields) {
        const archInfo = {fieldAttrs: {}, viewMeasures: []};
        visitXML(arch, (node) => {
            if (node.tagName === "cohort") {
                Object.assign(archInfo, this.parseRoot(node));
            } else if (node.tagName === "field") {
                this.parseField(node, fields, archInfo);
            }
        });
        return archInfo;
    }

    parseRoot(node) {
        return {
            title: node.getAttribute("string"),
            dateStart: node.getAttribute("date_start"),
            dateStop: node.getAttribute("date_stop"),
            measure: node.getAttribute("measure") || "__count",
            interval: node.getAttribute("interval") || INTERVALS[0],
            mode: node.getAttribute("mode") || MODES[0],
            timeline: node.getAttribute("timeline") || TIMELINES[0],
            disableLinking: exprToBoolean(node.getAttribute("disable_linking")),
        };
    }

    parseField(node, fields, archInfo) {
        const name = node.getAttribute("name");
        if (!(name in fields)) {
            // Of a group that this person is not in.
            return;
        }
        archInfo.fieldAttrs[name] = {};
        if (node.getAttribute("string")) {
            archInfo.fieldAttrs[name].string = node.getAttribute("string");
        }
        if (["1", "True"].includes(node.getAttribute("invisible"))) {
            archInfo.fieldAttrs[name].isInvisible = true;
        } else {
            archInfo.viewMeasures.push(name);
        }
    }
}
