BEGIN TRANSACTION;
CREATE TABLE bookmarks (
	id VARCHAR NOT NULL, 
	person VARCHAR NOT NULL, 
	camera VARCHAR NOT NULL, 
	at_ms INTEGER NOT NULL, 
	note VARCHAR NOT NULL, 
	created_ms INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "bookmarks" VALUES('b-1','p-officer','cam-01',1795715113456,'Čuvaj ovo',1795715113456);
CREATE TABLE drafts (
	id VARCHAR NOT NULL, 
	person VARCHAR NOT NULL, 
	draft VARCHAR NOT NULL, 
	created_ms INTEGER NOT NULL, 
	submitted VARCHAR, 
	PRIMARY KEY (id)
);
INSERT INTO "drafts" VALUES('r-2','p-officer','{"body": {"request": "r-2"}, "detail": {}, "salt": "c2FsdA=="}',1795715113456,NULL);
CREATE TABLE openings (
	request VARCHAR NOT NULL, 
	window VARCHAR NOT NULL, 
	resealed_e BLOB NOT NULL, 
	UNIQUE (request, window)
);
INSERT INTO "openings" VALUES('abababababababababababababababababababababababababababababababab','cam-01.20260101T000000Z.1.0',X'746865206B656570657227732068616C66');
CREATE TABLE releases (
	request VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	resealed BLOB NOT NULL, 
	UNIQUE (request, sha256)
);
INSERT INTO "releases" VALUES('abababababababababababababababababababababababababababababababab','28f3591fd920d18e748203ef786d6e6503d82ee0edcb14779c91181c88f8dcf7',X'612073686172652C207365616C656420616761696E');
CREATE TABLE requests (
	hash VARCHAR NOT NULL, 
	person VARCHAR NOT NULL, 
	detail VARCHAR NOT NULL, 
	salt VARCHAR NOT NULL, 
	submitted_ms INTEGER NOT NULL, 
	PRIMARY KEY (hash)
);
CREATE INDEX drafts_person ON drafts (person, created_ms);
CREATE INDEX requests_person ON requests (person, submitted_ms);
COMMIT;
PRAGMA user_version = 1;
