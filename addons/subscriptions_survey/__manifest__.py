{
    "name": "Subscriptions Survey",
    "summary": "Ask customers of contracts, and act on what they answer",
    "version": "19.0.1.0.0",
    "category": "Sales/Subscriptions",
    "license": "LGPL-3",
    "author": "Subscriptions contributors",
    "website": "https://example.com/subscriptions",
    "depends": [
        "subscriptions",
        "survey",
    ],
    "data": [
        "security/ir.model.access.csv",
        "security/survey_security.xml",
        "data/ir_cron_data.xml",
        "data/subscription_alert_data.xml",
        "views/survey_user_input_views.xml",
        "views/survey_survey_views.xml",
        "views/subscription_alert_views.xml",
        "views/subscription_stage_views.xml",
        "views/sale_order_views.xml",
        "views/res_partner_views.xml",
    ],
    "demo": [
        "demo/survey_demo.xml",
    ],
    "auto_install": True,
}
