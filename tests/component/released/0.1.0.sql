-- The database of a server of version 0.1.0 that has lived a little, as that version left it: one session at work with waiting
-- webhooks, one stopped, one deleted whose files somebody still held. Made by that version itself; never changed since.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE deliveries (
	sequence INTEGER NOT NULL, 
	lane VARCHAR(96) NOT NULL, 
	session VARCHAR(64) NOT NULL, 
	event_id VARCHAR(40) NOT NULL, 
	event VARCHAR(40) NOT NULL, 
	body TEXT NOT NULL, 
	subscription JSON NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	attempts INTEGER NOT NULL, 
	error TEXT, 
	created_at BIGINT NOT NULL, 
	next_attempt_at BIGINT NOT NULL, 
	finished_at BIGINT, 
	CONSTRAINT pk_deliveries PRIMARY KEY (sequence)
);
INSERT INTO "deliveries" VALUES(1,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg805kwa0144f8f2jrzbvs','session.status','{"id":"evt_01m8cg805kwa0144f8f2jrzbvs","timestamp":1795716022451,"event":"session.status","session":"shop","metadata":{},"me":null,"payload":{"name":"shop","status":"STARTING","statuses":[{"status":"STOPPED","timestamp":1795716022442},{"status":"STARTING","timestamp":1795716022451}]},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',8,'ConnectError: All connection attempts failed',1795716022451000,1795716038516892,NULL);
INSERT INTO "deliveries" VALUES(2,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg80wytck03zjyawdeb78r','session.status','{"id":"evt_01m8cg80wytck03zjyawdeb78r","timestamp":1795716023198,"event":"session.status","session":"shop","metadata":{},"me":null,"payload":{"name":"shop","status":"SCAN_QR_CODE","statuses":[{"status":"STOPPED","timestamp":1795716022442},{"status":"STARTING","timestamp":1795716022451},{"status":"SCAN_QR_CODE","timestamp":1795716023198}]},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716023198000,1795716023198000,NULL);
INSERT INTO "deliveries" VALUES(3,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg81nd4ffkshsn3j3xfgmw','session.status','{"id":"evt_01m8cg81nd4ffkshsn3j3xfgmw","timestamp":1795716023981,"event":"session.status","session":"shop","metadata":{},"me":null,"payload":{"name":"shop","status":"STARTING","statuses":[{"status":"STARTING","timestamp":1795716022451},{"status":"SCAN_QR_CODE","timestamp":1795716023198},{"status":"STARTING","timestamp":1795716023981}]},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716023981000,1795716023981000,NULL);
INSERT INTO "deliveries" VALUES(4,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg81qkzarzm392h0pmckh7','session.status','{"id":"evt_01m8cg81qkzarzm392h0pmckh7","timestamp":1795716024051,"event":"session.status","session":"shop","metadata":{},"me":{"id":"628111000111@c.us","pushName":"Toko Sinar"},"payload":{"name":"shop","status":"WORKING","statuses":[{"status":"SCAN_QR_CODE","timestamp":1795716023198},{"status":"STARTING","timestamp":1795716023981},{"status":"WORKING","timestamp":1795716024051}]},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716024051000,1795716024051000,NULL);
INSERT INTO "deliveries" VALUES(5,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg827cc0922m0q8ysk9vgt','message','{"id":"evt_01m8cg827cc0922m0q8ysk9vgt","timestamp":1795716024556,"event":"message","session":"shop","metadata":{},"me":{"id":"628111000111@c.us","pushName":"Toko Sinar"},"payload":{"id":"false_628111000222@c.us_B210F699239E07CEB428909FA86F89A7","timestamp":1795716024,"from":"628111000222@c.us","fromMe":false,"source":"app","to":"628111000111@c.us","body":"Is the shop open?","hasMedia":false,"media":null,"ack":1,"ackName":"SERVER","replyTo":null,"vCards":[],"_data":{"type":"chat"}},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716024556000,1795716024556000,NULL);
INSERT INTO "deliveries" VALUES(6,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg827cgphfeh2gadv64ppy','message.any','{"id":"evt_01m8cg827cgphfeh2gadv64ppy","timestamp":1795716024556,"event":"message.any","session":"shop","metadata":{},"me":{"id":"628111000111@c.us","pushName":"Toko Sinar"},"payload":{"id":"false_628111000222@c.us_B210F699239E07CEB428909FA86F89A7","timestamp":1795716024,"from":"628111000222@c.us","fromMe":false,"source":"app","to":"628111000111@c.us","body":"Is the shop open?","hasMedia":false,"media":null,"ack":1,"ackName":"SERVER","replyTo":null,"vCards":[],"_data":{"type":"chat"}},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716024556000,1795716024556000,NULL);
INSERT INTO "deliveries" VALUES(7,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg827s3j61ekfe0avrr1zf','message','{"id":"evt_01m8cg827s3j61ekfe0avrr1zf","timestamp":1795716024569,"event":"message","session":"shop","metadata":{},"me":{"id":"628111000111@c.us","pushName":"Toko Sinar"},"payload":{"id":"false_628111000222@c.us_16006C53E19F6C62F3A57E202FEDCC78","timestamp":1795716024,"from":"628111000222@c.us","fromMe":false,"source":"app","to":"628111000111@c.us","body":"Halo, apa kabar? 👋","hasMedia":false,"media":null,"ack":1,"ackName":"SERVER","replyTo":null,"vCards":[],"_data":{"type":"chat"}},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716024569000,1795716024569000,NULL);
INSERT INTO "deliveries" VALUES(8,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg827svr7dc9mwq230p3kw','message.any','{"id":"evt_01m8cg827svr7dc9mwq230p3kw","timestamp":1795716024569,"event":"message.any","session":"shop","metadata":{},"me":{"id":"628111000111@c.us","pushName":"Toko Sinar"},"payload":{"id":"false_628111000222@c.us_16006C53E19F6C62F3A57E202FEDCC78","timestamp":1795716024,"from":"628111000222@c.us","fromMe":false,"source":"app","to":"628111000111@c.us","body":"Halo, apa kabar? 👋","hasMedia":false,"media":null,"ack":1,"ackName":"SERVER","replyTo":null,"vCards":[],"_data":{"type":"chat"}},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716024569000,1795716024569000,NULL);
INSERT INTO "deliveries" VALUES(9,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg84tahjanzd5m54ec2xgf','message.any','{"id":"evt_01m8cg84tahjanzd5m54ec2xgf","timestamp":1795716027210,"event":"message.any","session":"shop","metadata":{},"me":{"id":"628111000111@c.us","pushName":"Toko Sinar"},"payload":{"id":"true_628111000222@c.us_3EB0E6A21CC780EB16CD58","timestamp":1795716027,"from":"628111000111@c.us","fromMe":true,"source":"api","to":"628111000222@c.us","body":"Yes","hasMedia":false,"media":null,"ack":0,"ackName":"PENDING","replyTo":null,"vCards":[],"_data":{"type":"chat"}},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716027210000,1795716027210000,NULL);
INSERT INTO "deliveries" VALUES(10,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg84tvyg66ezzf02tr8wp7','message.ack','{"id":"evt_01m8cg84tvyg66ezzf02tr8wp7","timestamp":1795716027227,"event":"message.ack","session":"shop","metadata":{},"me":{"id":"628111000111@c.us","pushName":"Toko Sinar"},"payload":{"id":"true_628111000222@c.us_3EB0E6A21CC780EB16CD58","from":"628111000111@c.us","to":"628111000222@c.us","participant":null,"fromMe":true,"ack":1,"ackName":"SERVER"},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716027227000,1795716027227000,NULL);
INSERT INTO "deliveries" VALUES(11,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg84v885c496vxbn06n4gd','message.ack','{"id":"evt_01m8cg84v885c496vxbn06n4gd","timestamp":1795716027240,"event":"message.ack","session":"shop","metadata":{},"me":{"id":"628111000111@c.us","pushName":"Toko Sinar"},"payload":{"id":"true_628111000222@c.us_3EB0E6A21CC780EB16CD58","from":"628111000111@c.us","to":"628111000222@c.us","participant":null,"fromMe":true,"ack":2,"ackName":"DEVICE"},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716027240000,1795716027240000,NULL);
INSERT INTO "deliveries" VALUES(12,'01m8cg805a555x3c1q2nj5bmcc:a94bb7e849462697','shop','evt_01m8cg8e5bgkdqyrgnxxey6pk8','session.status','{"id":"evt_01m8cg8e5bgkdqyrgnxxey6pk8","timestamp":1795716036779,"event":"session.status","session":"shop","metadata":{},"me":{"id":"628111000111@c.us","pushName":"Toko Sinar"},"payload":{"name":"shop","status":"STOPPED","statuses":[{"status":"STARTING","timestamp":1795716023981},{"status":"WORKING","timestamp":1795716024051},{"status":"STOPPED","timestamp":1795716036779}]},"engine":"WPP","environment":{"version":"0.1.0","engine":"WPP","tier":"CORE","browser":"chromium"}}','{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}','waiting',0,NULL,1795716036779000,1795716036779000,NULL);
CREATE TABLE history (
	sequence INTEGER NOT NULL, 
	session_id VARCHAR(26) NOT NULL, 
	at BIGINT NOT NULL, 
	"before" VARCHAR(32) NOT NULL, 
	"after" VARCHAR(32) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	reason VARCHAR(64) NOT NULL, 
	detail TEXT, 
	asked_by VARCHAR(64) NOT NULL, 
	CONSTRAINT pk_history PRIMARY KEY (sequence)
);
INSERT INTO "history" VALUES(1,'01m8cg805a555x3c1q2nj5bmcc',1795716022451298,'stopped','starting','STARTING','start_requested',NULL,'api');
INSERT INTO "history" VALUES(2,'01m8cg805a555x3c1q2nj5bmcc',1795716023198372,'starting','scan_qr_code','SCAN_QR_CODE','qr_shown',NULL,'system');
INSERT INTO "history" VALUES(3,'01m8cg805a555x3c1q2nj5bmcc',1795716023981705,'scan_qr_code','pairing','STARTING','scanned',NULL,'system');
INSERT INTO "history" VALUES(4,'01m8cg805a555x3c1q2nj5bmcc',1795716024051062,'pairing','working','WORKING','connected',NULL,'system');
INSERT INTO "history" VALUES(5,'01m8cg84ths54w9bydae54z5ww',1795716027242985,'stopped','starting','STARTING','start_requested',NULL,'api');
INSERT INTO "history" VALUES(6,'01m8cg84ths54w9bydae54z5ww',1795716027989177,'starting','scan_qr_code','SCAN_QR_CODE','qr_shown',NULL,'system');
INSERT INTO "history" VALUES(7,'01m8cg84ths54w9bydae54z5ww',1795716028707841,'scan_qr_code','pairing','STARTING','scanned',NULL,'system');
INSERT INTO "history" VALUES(8,'01m8cg84ths54w9bydae54z5ww',1795716028793621,'pairing','working','WORKING','connected',NULL,'system');
INSERT INTO "history" VALUES(9,'01m8cg84ths54w9bydae54z5ww',1795716028828660,'working','stopping','WORKING','stop_requested',NULL,'api');
INSERT INTO "history" VALUES(10,'01m8cg84ths54w9bydae54z5ww',1795716028905107,'stopping','stopped','STOPPED','stop_requested',NULL,'api');
INSERT INTO "history" VALUES(11,'01m8cg86jcvce0nx5pkhhbantx',1795716029019128,'stopped','starting','STARTING','start_requested',NULL,'api');
INSERT INTO "history" VALUES(12,'01m8cg86jcvce0nx5pkhhbantx',1795716029666528,'starting','scan_qr_code','SCAN_QR_CODE','qr_shown',NULL,'system');
INSERT INTO "history" VALUES(13,'01m8cg86jcvce0nx5pkhhbantx',1795716033113650,'scan_qr_code','stopping','SCAN_QR_CODE','delete_requested',NULL,'api');
INSERT INTO "history" VALUES(14,'01m8cg86jcvce0nx5pkhhbantx',1795716033455344,'stopping','stopped','STOPPED','delete_requested',NULL,'api');
INSERT INTO "history" VALUES(15,'01m8cg86jcvce0nx5pkhhbantx',1795716033543288,'stopped','removed','STOPPED','delete_requested',NULL,'api');
INSERT INTO "history" VALUES(16,'01m8cg805a555x3c1q2nj5bmcc',1795716036645565,'working','stopping','WORKING','server_stopping',NULL,'system');
INSERT INTO "history" VALUES(17,'01m8cg805a555x3c1q2nj5bmcc',1795716036779480,'stopping','stopped','STOPPED','server_stopping',NULL,'system');
CREATE TABLE keys (
	id VARCHAR(26) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	created_at BIGINT NOT NULL, 
	CONSTRAINT pk_keys PRIMARY KEY (id), 
	CONSTRAINT uq_keys_fingerprint UNIQUE (fingerprint)
);
INSERT INTO "keys" VALUES('01m8cg7zwyk0zgyapqqd15yjsj','first','65770f1829351ede5d76ebb75d417151407e469edf3b7bb108d5af92e19a0d07',1795716022174690);
CREATE TABLE removals (
	id VARCHAR(26) NOT NULL, 
	session VARCHAR(64) NOT NULL, 
	path TEXT NOT NULL, 
	trash_path TEXT, 
	state VARCHAR(16) NOT NULL, 
	reason VARCHAR(64), 
	message TEXT, 
	holders JSON NOT NULL, 
	attempts INTEGER NOT NULL, 
	next_attempt_at BIGINT, 
	size_bytes BIGINT, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	CONSTRAINT pk_removals PRIMARY KEY (id)
);
INSERT INTO "removals" VALUES('01m8cg8axnfwbk80j5kz6s3m5a','gone','/srv/tuntas/data/profiles/gone','/srv/tuntas/data/profiles/.trash/01m8cg8axnfwbk80j5kz6s3m5a','stuck','in_use','Deleted, but 1 deleted files are still open and keep their disk space. Held by python (pid 28076, open file /srv/tuntas/data/profiles/.trash/01m8cg8axnfwbk80j5kz6s3m5a/held (deleted)).','[{"pid": 28076, "name": "python", "how": "open file", "path": "/srv/tuntas/data/profiles/.trash/01m8cg8axnfwbk80j5kz6s3m5a/held (deleted)"}]',3,1795716039109525,1527808,1795716033461017,1795716036276395);
CREATE TABLE sessions (
	id VARCHAR(26) NOT NULL, 
	name VARCHAR(64) NOT NULL, 
	desired VARCHAR(16) NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	reason VARCHAR(64) NOT NULL, 
	discard_profile BOOLEAN NOT NULL, 
	profile_folder VARCHAR(128) NOT NULL, 
	config JSON NOT NULL, 
	me JSON, 
	browser JSON, 
	created_at BIGINT NOT NULL, 
	changed_at BIGINT NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT uq_sessions_name UNIQUE (name)
);
INSERT INTO "sessions" VALUES('01m8cg805a555x3c1q2nj5bmcc','shop','running','stopped','STOPPED','server_stopping',0,'shop','{"document": {"webhooks": [{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac": {"key": "secret"}}]}, "subscriptions": [{"url": "http://127.0.0.1:9/hook", "events": ["*"], "hmac_key": "secret", "retries": {"policy": "constant", "delay_seconds": 2.0, "attempts": 15}, "headers": []}], "metadata": {}}','{"id": "628111000111@c.us", "push_name": "Toko Sinar"}','null',1795716022442023,1795716036779480);
INSERT INTO "sessions" VALUES('01m8cg84ths54w9bydae54z5ww','Gudang_2','stopped','stopped','STOPPED','stop_requested',0,'Gudang_2','{"document": {"metadata": {"branch": "Bandung"}}, "subscriptions": [], "metadata": {"branch": "Bandung"}}','{"id": "628111000333@c.us", "push_name": "Sari"}','null',1795716027217791,1795716028905107);
CREATE INDEX ix_deliveries_event_id ON deliveries (event_id);
CREATE INDEX ix_deliveries_finished_at ON deliveries (finished_at);
CREATE INDEX ix_deliveries_state_lane_sequence ON deliveries (state, lane, sequence);
CREATE INDEX ix_history_at ON history (at);
CREATE INDEX ix_history_session_id ON history (session_id);
CREATE INDEX ix_removals_state ON removals (state);
COMMIT;
