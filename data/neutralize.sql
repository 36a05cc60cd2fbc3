-- A copy of the database bills nobody: its daily runs do not start by themselves.
UPDATE ir_cron
   SET active = false
 WHERE id IN (
       SELECT res_id
         FROM ir_model_data
        WHERE module = 'subscriptions'
          AND model = 'ir.cron'
       );
-- And it charges nobody, also when somebody starts them: no database is called this.
-- A sales administrator can let it charge all the same.
INSERT INTO ir_config_parameter (key, value)
VALUES ('subscriptions.charging_right', '{"identity": "neutralized"}')
    ON CONFLICT (key) DO
       UPDATE SET value = excluded.value;
