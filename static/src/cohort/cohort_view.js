import {CohortArchParser} from "./cohort_arch_parser";
import {CohortController} from "./cohort_controller";
import {CohortModel} from "./cohort_model";
import {CohortRenderer} from "./cohort_renderer";
import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";

export const cohortView = {
    type: "cohort",
    ArchParser: CohortArchParser,
    Controller: CohortController,
    Model: CohortModel,
    Renderer: CohortRenderer,
    // What rows are made by is said in the arch, so there is nothing to group by.
    searchMenuTypes: ["filter", "favorite"],
    buttonTemplate: "cohort.CohortView.Buttons",

    props: (genericProps, view) => {
        const {arch, fields, resModel, state} = genericProps;
        let modelParams = state?.metaData;
        if (!modelParams) {
            const archInfo = new view.ArchParser().parse(arch, fields);
            modelParams = {
                ...archInfo,
                title: archInfo.title || _t("Cohort"),
                fields,
                resModel,
            };
        }
        return {
            ...genericProps,
            Model: view.Model,
            modelParams,
            Renderer: view.Renderer,
            buttonTemplate: view.buttonTemplate,
        };
    },
};

registry.category("views").add("cohort", cohortView);
