-- The items of a 住民票 that its first versions did not keep (法7条, 30条の45). Absent is empty; days are YYYY-MM-DD and months YYYY-MM.
ALTER TABLE record_version ADD COLUMN furigana TEXT NOT NULL DEFAULT '';           -- 氏名の振り仮名, as the family register has it
ALTER TABLE record_version ADD COLUMN former_name TEXT NOT NULL DEFAULT '';        -- 旧氏
ALTER TABLE record_version ADD COLUMN domicile TEXT NOT NULL DEFAULT '';           -- 本籍
ALTER TABLE record_version ADD COLUMN domicile_head TEXT NOT NULL DEFAULT '';      -- 筆頭者
ALTER TABLE record_version ADD COLUMN domicile_state TEXT NOT NULL DEFAULT '';     -- known, unknown (本籍不明), none (無籍)
ALTER TABLE record_version ADD COLUMN address_since TEXT NOT NULL DEFAULT '';      -- 住所を定めた年月日
ALTER TABLE record_version ADD COLUMN notified TEXT NOT NULL DEFAULT '';           -- 届出年月日
ALTER TABLE record_version ADD COLUMN earlier_address TEXT NOT NULL DEFAULT '';    -- 従前の住所
ALTER TABLE record_version ADD COLUMN voter BOOLEAN NOT NULL DEFAULT FALSE;        -- 選挙人名簿に登録された旨
ALTER TABLE record_version ADD COLUMN health_since TEXT NOT NULL DEFAULT '';       -- 国民健康保険
ALTER TABLE record_version ADD COLUMN health_until TEXT NOT NULL DEFAULT '';
ALTER TABLE record_version ADD COLUMN elderly_since TEXT NOT NULL DEFAULT '';      -- 後期高齢者医療
ALTER TABLE record_version ADD COLUMN elderly_until TEXT NOT NULL DEFAULT '';
ALTER TABLE record_version ADD COLUMN care_since TEXT NOT NULL DEFAULT '';         -- 介護保険
ALTER TABLE record_version ADD COLUMN care_until TEXT NOT NULL DEFAULT '';
ALTER TABLE record_version ADD COLUMN pension_since TEXT NOT NULL DEFAULT '';      -- 国民年金
ALTER TABLE record_version ADD COLUMN pension_until TEXT NOT NULL DEFAULT '';
ALTER TABLE record_version ADD COLUMN pension_kind TEXT NOT NULL DEFAULT '';       -- 種別
ALTER TABLE record_version ADD COLUMN pension_kind_since TEXT NOT NULL DEFAULT ''; -- its change
ALTER TABLE record_version ADD COLUMN pension_number TEXT NOT NULL DEFAULT '';     -- 基礎年金番号
ALTER TABLE record_version ADD COLUMN allowance_since TEXT NOT NULL DEFAULT '';    -- 児童手当, months
ALTER TABLE record_version ADD COLUMN allowance_until TEXT NOT NULL DEFAULT '';
ALTER TABLE record_version ADD COLUMN stay_category TEXT NOT NULL DEFAULT '';      -- 法30条の45の表の区分
ALTER TABLE record_version ADD COLUMN stay_status TEXT NOT NULL DEFAULT '';        -- 在留資格
ALTER TABLE record_version ADD COLUMN stay_period TEXT NOT NULL DEFAULT '';        -- 在留期間, 上陸期間, 仮滞在期間
ALTER TABLE record_version ADD COLUMN stay_until TEXT NOT NULL DEFAULT '';         -- 在留期間の満了の日
ALTER TABLE record_version ADD COLUMN stay_card TEXT NOT NULL DEFAULT '';          -- 在留カードの番号, 特別永住者証明書の番号
ALTER TABLE record_version ADD COLUMN foreign_since TEXT NOT NULL DEFAULT '';      -- 外国人住民となった年月日
-- Of the whole record in this state; empty in versions from before.
ALTER TABLE record_version ADD COLUMN record_hash BYTEA NOT NULL DEFAULT '';
-- What happened, in the municipality's finer list than that of the law; empty: not said.
ALTER TABLE record_version ADD COLUMN event TEXT NOT NULL DEFAULT '';
-- The version that this one corrects or cancels; 0: none.
ALTER TABLE record_version ADD COLUMN corrects BIGINT NOT NULL DEFAULT 0;
