// Written by scripts/api.js (`make web-api`); do not edit.
export interface paths {
    "/api/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Audit
         * @description List every change that was made, the newest first.
         */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Datasets
         * @description List datasets, the newest first.
         */
        get: operations["list_datasets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/build": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Build Dataset
         * @description Freeze selected traces into a dataset: checked, without duplicates, apart from every evaluation task, split.
         *
         *     A dataset is never overwritten: the same name and version with other rows is a conflict.
         */
        post: operations["build_dataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/ingest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ingest Dataset
         * @description Take in a data file of any schema that the importers know, as a stream: JSON lines, JSON, CSV or Parquet.
         *
         *     The same upload sent again (same key; without a key, same bytes and settings, whatever the file's name) inserts
         *     nothing twice: a complete one is answered with its first result, one that was cut off goes on where it stopped. The
         *     same rows packed or read in another way are another upload; `warnings` then names the earlier one.
         */
        post: operations["ingest_dataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/select": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Select Traces
         * @description Say which traces a build would take: how many, and how the first ones read; nothing is kept.
         */
        post: operations["select_traces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Uploads
         * @description List uploads, the newest first, with how far each is.
         */
        get: operations["list_uploads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/uploads/{upload_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Upload
         * @description Say how far an upload is, and which of its rows cannot be used.
         */
        get: operations["read_upload"];
        put?: never;
        post?: never;
        /**
         * Delete Upload
         * @description Delete an upload with all of its traces, their scores and ratings.
         */
        delete: operations["delete_upload"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/{dataset_key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Dataset
         * @description Return the manifest of a dataset; its ETag is the digest of the rows.
         */
        get: operations["read_dataset"];
        put?: never;
        post?: never;
        /**
         * Delete Dataset
         * @description Delete a dataset, unless a job that waits or runs trains on it.
         */
        delete: operations["delete_dataset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/{dataset_key}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare Datasets
         * @description Say what changed from this dataset to another one, row by row.
         */
        get: operations["compare_datasets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/{dataset_key}/duplicates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Duplicate Rows
         * @description List the rows that another one stands for.
         */
        get: operations["list_duplicate_rows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/{dataset_key}/export.jsonl": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export Dataset
         * @description Stream a dataset's rows in a format that other tools read, and that can be uploaded here again.
         */
        get: operations["export_dataset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/{dataset_key}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Preview Dataset
         * @description Show rows of a split as the model reads them, in their frozen order.
         */
        get: operations["preview_dataset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/{dataset_key}/quarantine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Quarantined Rows
         * @description List the rows that were left out since they repeat an evaluation item.
         */
        get: operations["list_quarantined_rows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/{dataset_key}/rejected": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Rejected Rows
         * @description List the rows that could not be trained on, and why.
         */
        get: operations["list_rejected_rows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/datasets/{dataset_key}/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Dataset Statistics
         * @description Return the sizes of a dataset's rows.
         */
        get: operations["read_dataset_statistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/evaluations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Evaluations
         * @description List evaluations, the newest first.
         */
        get: operations["list_evaluations"];
        put?: never;
        /**
         * Evaluate Model
         * @description Queue the measurement of a base model: what every run is compared with.
         */
        post: operations["evaluate_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/evaluations/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare Evaluations
         * @description Pair two evaluations of the same items: B minus A with its interval and an exact p; others are refused.
         */
        get: operations["compare_evaluations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/evaluations/{evaluation_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Evaluation
         * @description Return all that an evaluation says about itself: what was asked, of whom, how, and every metric.
         */
        get: operations["read_evaluation"];
        put?: never;
        post?: never;
        /**
         * Delete Evaluation
         * @description Delete an evaluation with its samples; a run that names it can then no longer be verified in full.
         */
        delete: operations["delete_evaluation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/evaluations/{evaluation_id}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Evaluation Samples
         * @description List samples in the order of the task: prompt, completion, checked steps, answer, target and verdicts.
         *
         *     With filters a page may hold fewer rows than asked for, and none at all; `next_cursor` says whether there are more.
         */
        get: operations["list_evaluation_samples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Health
         * @description Say that the process is alive; nothing else is looked at.
         */
        get: operations["read_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Readiness
         * @description Say whether the database answers, the disk has room and a worker is alive.
         */
        get: operations["read_readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Jobs
         * @description List jobs, the newest first.
         */
        get: operations["list_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Job
         * @description Return a job with what it was asked to do and what became of it.
         */
        get: operations["get_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Job
         * @description End a job: at once if it waits, through its worker if it runs.
         */
        post: operations["cancel_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/leaderboard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Leaderboard
         * @description Rank evaluations of the same items under the same contract; those that cannot be told apart share a rank.
         *
         *     Without `task_digest` the board of most items is shown, the newest among equals; `other_digests` names the others.
         */
        get: operations["read_leaderboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Overview
         * @description Count traces, datasets, runs by status, evaluations and submissions, and say who works on what waits.
         */
        get: operations["read_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Session
         * @description Say who asks, and give a cookie's owner the CSRF token once more.
         */
        get: operations["read_session"];
        put?: never;
        /**
         * Create Session
         * @description Begin a cookie session with a token; send the CSRF token that comes back with every change.
         */
        post: operations["create_session"];
        /**
         * Delete Session
         * @description End the cookie session; without one nothing happens.
         */
        delete: operations["delete_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/submissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Submissions
         * @description List submissions, the newest first.
         */
        get: operations["list_submissions"];
        put?: never;
        /**
         * Create Submission
         * @description Queue the bundling of a run with its weights, evaluations, papers and the manifest of its dataset.
         */
        post: operations["create_submission"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/submissions/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Plan Submission
         * @description Forecast minutes, quota and disk of a session on Kaggle; nothing is started.
         */
        post: operations["plan_submission"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/submissions/{submission_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Submission
         * @description Return what a submission says about itself: every file in it with its digest, and what it was made from.
         */
        get: operations["read_submission"];
        put?: never;
        post?: never;
        /**
         * Delete Submission
         * @description Delete a submission; the run, its evaluations and its dataset stay.
         */
        delete: operations["delete_submission"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/submissions/{submission_id}/download": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Submission
         * @description Download the bundle, whole or in part.
         */
        get: operations["download_submission"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/submissions/{submission_id}/papers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Submission Papers
         * @description Return the write-up, the video script and the checklist in a bundle.
         */
        get: operations["read_submission_papers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/submissions/{submission_id}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify Submission
         * @description Hash a submission again, grade its stored answers again, and add its figures up again; nothing is kept.
         */
        post: operations["verify_submission"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tasks
         * @description List the tasks that models are measured on, with the digest of their items.
         */
        get: operations["list_tasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tokens
         * @description List tokens, the newest first; their secrets are nowhere.
         */
        get: operations["list_tokens"];
        put?: never;
        /**
         * Create Token
         * @description Make a token; its text is in this answer and nowhere else.
         */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tokens/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Token
         * @description Make a token and its cookie sessions invalid at once and for ever.
         */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Traces
         * @description List traces, the newest first.
         */
        get: operations["list_traces"];
        put?: never;
        /**
         * Create Trace
         * @description Keep a trace.
         */
        post: operations["create_trace"];
        /**
         * Delete Traces
         * @description Delete every trace that came with an upload, and the upload: it may be sent again.
         */
        delete: operations["delete_traces"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create Traces
         * @description Keep up to 1,000 traces, all of them or none; every row that is wrong is named.
         */
        post: operations["create_traces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare Traces
         * @description Show two traces side by side, with their structural scores and what became of each step.
         */
        get: operations["compare_traces"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Facets
         * @description List the values that the filters can take, each with a count up to 1,000.
         */
        get: operations["read_facets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tag Traces
         * @description Put tags on up to 1,000 traces, and take tags off them.
         */
        post: operations["tag_traces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/{trace_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Trace
         * @description Return a trace; it never changes.
         */
        get: operations["read_trace"];
        put?: never;
        post?: never;
        /**
         * Delete Trace
         * @description Delete a trace with its scores and ratings; datasets that were built with it keep their copy.
         */
        delete: operations["delete_trace"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/{trace_id}/ratings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Ratings
         * @description List the ratings of a trace and its steps, the newest first.
         */
        get: operations["list_ratings"];
        /**
         * Rate Trace
         * @description Rate a trace or one of its steps; a rater's newer rating replaces the older.
         */
        put: operations["rate_trace"];
        post?: never;
        /**
         * Delete Rating
         * @description Take a rating back.
         */
        delete: operations["delete_rating"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/{trace_id}/score": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Score Trace
         * @description Judge a trace and keep the verdict.
         */
        post: operations["score_trace"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/{trace_id}/scores": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Scores
         * @description List the verdicts on a trace, the newest first.
         */
        get: operations["list_scores"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/{trace_id}/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tags
         * @description List the tags of a trace, in alphabetical order.
         */
        get: operations["list_tags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/traces/{trace_id}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Tokens
         * @description Show a trace as the tokens of a base model: which are given to it, and which it is trained to write.
         */
        get: operations["read_tokens"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/evaluations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Tunix Evaluations
         * @description Return the leaderboard by the path of the earlier system; `/api/leaderboard` has more to choose from.
         */
        get: operations["list_tunix_evaluations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/forms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Training Forms
         * @description Return what a training can be asked for with: every key with its meaning, limits and default; base models.
         */
        get: operations["read_training_forms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start Run
         * @description Plan a run (`dry_run`, the default; answered with 200), or put one into the queue (202).
         */
        post: operations["start_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Runs
         * @description List runs, the newest first.
         */
        get: operations["list_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Run
         * @description Take in runs made elsewhere: a zip of a run's folder, or of a home folder with runs, datasets and evaluations.
         */
        post: operations["import_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Run
         * @description Return a run with its configuration, its figures, its error, its job and what it was made from.
         */
        get: operations["get_run"];
        put?: never;
        post?: never;
        /**
         * Delete Run
         * @description Delete a run with its files; what was made from it (evaluations, submissions) stays.
         */
        delete: operations["delete_run"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/artifacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Run Artifacts
         * @description List the files of a run, at any depth.
         */
        get: operations["list_run_artifacts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/artifacts/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Run Artifact
         * @description Return a file of a run, whole or in part.
         */
        get: operations["read_run_artifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/artifacts/{path}/download": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Run Artifact
         * @description Download a file of a run, whole or in part.
         */
        get: operations["download_run_artifact"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Run
         * @description End a run: at once if it waits, through its worker if it runs; its last checkpoint is kept.
         */
        post: operations["cancel_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Run Config
         * @description Return the configuration that is in force, as JSON or as a YAML file that a command runs.
         */
        get: operations["get_run_config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/evaluate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Evaluate Run
         * @description Queue the measurement of what a run trained; without a body as `tunix-rt eval` does it.
         */
        post: operations["evaluate_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/evaluation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Run Evaluation
         * @description Return the newest evaluation of a run.
         */
        get: operations["read_run_evaluation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream Run Events
         * @description Follow all of a run until it ends, over one connection.
         *
         *     Events: `status` with {status, stage}, first and on each change; `log` with {seq, stream, chunk, created_at};
         *     `metrics` with {seq, rows}; `heartbeat`; `end` with {status, exit_code}; `closed` with {reason} where the token ends
         *     before the run does. The `id` of an event holds both places: send it as Last-Event-ID to go on after it; `since` is
         *     the place in the log alone.
         */
        get: operations["stream_run_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream Run Logs
         * @description Follow the log of a run until the run ends.
         *
         *     Events: `log` with {seq, stream, chunk, created_at}; `heartbeat`; at the end `status` with {status}, then `end` with
         *     {status, exit_code}; `closed` with {reason} where the token ends before the run does. The `id` of an event is its
         *     `seq`: send it as Last-Event-ID or `since_seq` to go on after it. As text, the header `log-range` says which bytes
         *     were sent, START-END: a stream from END goes on there.
         */
        get: operations["stream_run_logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Run Metrics
         * @description Return the metrics of a run as it wrote them, thinned to `points` rows.
         *
         *     What is left holds the first and the last row, and the smallest and the largest value of each stretch of the run,
         *     for each of `keys`, or for `loss`, `eval/loss` and `reward` (the MinMax reduction). A torn line is left out.
         */
        get: operations["read_run_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Run Preview
         * @description Return the first examples that a run is trained on as tokens, each with whether the loss asks for it.
         */
        get: operations["read_run_preview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume Run
         * @description Go on with the same run from its last checkpoint.
         */
        post: operations["resume_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry Run
         * @description Start a run over, as a new run of the same configuration; the old one stays as it is.
         */
        post: operations["retry_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/rollouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Run Rollouts
         * @description List what reinforcement learning was trained on: a prompt's completions with rewards and advantages, by update.
         *
         *     With `trace_id` a page may hold fewer rows than asked for; `next_cursor` says whether there are more. A run that
         *     drew none has an empty list.
         */
        get: operations["list_run_rollouts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/rollouts/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replay Run Rollouts
         * @description Score stored rollouts again with other rewards, and say how rewards and advantages change; nothing is kept.
         */
        post: operations["replay_run_rollouts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Run Samples
         * @description Return what a few validation prompts were answered at each measurement, the earliest first, page by page.
         *
         *     A run without `sample_prompts` has none.
         */
        get: operations["read_run_samples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Run Status
         * @description Say how far a run is.
         */
        get: operations["get_run_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/runs/{run_id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop Run
         * @description End a training after its present update as if its time were over: it is `stopped`, and what it learned counts.
         */
        post: operations["stop_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/sft/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Export Sft
         * @description Stream rows as whole rendered texts, from a dataset or of single traces.
         */
        post: operations["export_sft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/sft/manifest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make Sft Manifest
         * @description Write the configuration that trains on a dataset with `tunix-rt train sft`, here or elsewhere.
         */
        post: operations["make_sft_manifest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/tunix/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Tunix Status
         * @description Say whether Tunix is installed on this machine.
         */
        get: operations["read_tunix_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Workers
         * @description List workers, the one that started last first; those that ended are listed for a while.
         */
        get: operations["list_workers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Service Metrics
         * @description Return the figures of this process, and of every worker's runs, in Prometheus' text format.
         */
        get: operations["read_service_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Alive
         * @description The process answers.
         */
        Alive: {
            /**
             * Status
             * @description Always `healthy`: a process that is not does not answer.
             * @constant
             */
            status: "healthy";
        };
        /**
         * Artifact
         * @description A file of a run.
         */
        Artifact: {
            /**
             * Digest
             * @description Digest that the run recorded when it ended; None: not recorded, as for logs.
             */
            digest: string | null;
            /**
             * Name
             * @description Name of the file.
             */
            name: string;
            /**
             * Path
             * @description Path beneath the run, with `/`: what GET …/artifacts/{path} takes.
             */
            path: string;
            /**
             * Size
             * @description Bytes.
             */
            size: number;
        };
        /**
         * Artifacts
         * @description Files of a run, sorted by path.
         */
        Artifacts: {
            /**
             * Artifacts
             * @description The files of this page.
             */
            artifacts: components["schemas"]["Artifact"][];
            pagination: components["schemas"]["Pagination"];
            /**
             * Total
             * @description Files in all.
             */
            total: number;
        };
        /**
         * AuditRow
         * @description One change, and who made it.
         */
        AuditRow: {
            /**
             * Action
             * @description Operation id of the route, or the command.
             */
            action: string;
            /**
             * Actor
             * @description Name of the token; `local`, `cli` or `worker` without one.
             */
            actor: string;
            /**
             * At
             * Format: date-time
             * @description When.
             */
            at: string;
            /**
             * Detail
             * @description More about it.
             */
            detail: {
                [key: string]: unknown;
            };
            /**
             * Request Id
             * @description Id of the request, as in the log.
             */
            request_id: string | null;
            /**
             * Seq
             * @description Its number; numbers grow, and may have gaps.
             */
            seq: number;
            /**
             * Target
             * @description What was changed, by its id or name.
             */
            target: string | null;
        };
        /**
         * BaseModelRow
         * @description A base model that can be named.
         */
        BaseModelRow: {
            /**
             * Licence
             * @description Terms that it is under.
             */
            licence: string;
            /**
             * Name
             * @description Its name in a request.
             */
            name: string;
            /**
             * Notice
             * @description What one is told before its first use.
             */
            notice: string;
            /**
             * Parameters
             * @description Number of weights, rounded.
             */
            parameters: number;
            /**
             * Source
             * @description Where it comes from, in words.
             */
            source: string;
        };
        /**
         * BatchCreated
         * @description Traces that are kept now, all of them.
         */
        BatchCreated: {
            /**
             * Created Count
             * @description How many.
             */
            created_count: number;
            /**
             * Traces
             * @description In the order in which they were sent.
             */
            traces: components["schemas"]["TraceCreated"][];
        };
        /**
         * BuildConfig
         * @description The resolved settings of a build.
         */
        BuildConfig: {
            /**
             * Against
             * @description Evaluation tasks that were compared, name to digest.
             */
            against: {
                [key: string]: string;
            };
            /**
             * Allow Contaminated
             * @description Whether rows that repeat an evaluation item are kept.
             */
            allow_contaminated: boolean;
            /**
             * License
             * @description Licence given to rows that state none.
             */
            license: string | null;
            /**
             * Mapping
             * @description Columns named by hand.
             */
            mapping: {
                [key: string]: string;
            } | null;
            /**
             * Max Examples
             * @description Most rows that are kept.
             */
            max_examples: number | null;
            /**
             * Near Duplicate
             * @description Jaccard index of word 3-grams from which on two rows are near-duplicates.
             */
            near_duplicate: number;
            /**
             * On Error
             * @description What a bad row does: fail the build, or be left out.
             * @enum {string}
             */
            on_error: "fail" | "skip";
            /**
             * Schema Name
             * @description Schema of the files; `auto` detects it for each file.
             */
            schema_name: string;
            /**
             * Seed
             * @description Draws the splits and the examples that `max_examples` keeps.
             */
            seed: number;
            /**
             * Test Fraction
             * @description Share of the rows for the test split.
             */
            test_fraction: number;
            /**
             * Valid Fraction
             * @description Share of the rows for the valid split.
             */
            valid_fraction: number;
        };
        /**
         * Cancelled
         * @description What became of a request to end.
         */
        Cancelled: {
            /**
             * Job Id
             * Format: uuid
             * @description The job that ends.
             */
            job_id: string;
            /**
             * Message
             * @description What happens now.
             */
            message: string;
            /**
             * Run Id
             * @description Id of the run.
             */
            run_id: string | null;
            /**
             * Status
             * @description `cancelled`: it had not begun; otherwise its worker ends it, and keeps its last checkpoint.
             * @enum {string}
             */
            status: "cancelled" | "cancel_requested" | "stop_requested";
        };
        /**
         * Change
         * @description One completion before and after.
         */
        Change: {
            /**
             * Advantage
             * @description Advantage before and after.
             */
            advantage: [
                number,
                number
            ];
            /**
             * Index
             * @description Number of the completion in its group, from 0.
             */
            index: number;
            /**
             * Reward
             * @description Reward before and after.
             */
            reward: [
                number,
                number
            ];
            /**
             * Step
             * @description Update that it was drawn for.
             */
            step: number;
            /**
             * Text
             * @description The completion, shortened.
             */
            text: string;
            /**
             * Trace Id
             * @description Training trace that asks the prompt.
             */
            trace_id: string;
        };
        /**
         * Comparison
         * @description Two evaluations of one task, pair by pair.
         */
        Comparison: {
            /** @description The baseline. */
            a: components["schemas"]["EvaluationRef"];
            /** @description The candidate. */
            b: components["schemas"]["EvaluationRef"];
            /**
             * Differences
             * @description What differs between the sides beside the model: prompt form, sampling, dtype, …
             */
            differences: string[];
            /**
             * Families
             * @description The main difference by family, in order of name.
             */
            families: components["schemas"]["Delta"][];
            /**
             * Gained
             * @description Items that B has right and A has wrong.
             */
            gained: string[];
            /**
             * Lost
             * @description Items that A has right and B has wrong.
             */
            lost: string[];
            /** @description The difference that the comparison is about. */
            main: components["schemas"]["Delta"];
            /**
             * Metrics
             * @description Every metric that both sides have.
             */
            metrics: components["schemas"]["Delta"][];
            /**
             * Minimum Detectable Effect
             * @description Smallest difference that so many pairs show 4 times out of 5, with as many changed items as seen (at least 1).
             */
            minimum_detectable_effect: number;
            /** @description The items, the same on both sides. */
            task: components["schemas"]["TaskRef"];
            /**
             * Unpaired
             * @description Items that are scored on one side only, or on neither.
             */
            unpaired: number;
        };
        /**
         * Counts
         * @description Where the rows went: `rows` is the sum of all others but `imported`, `unscored` and `without_reasoning`.
         */
        Counts: {
            /**
             * Exact Duplicates
             * @description Rows with the prompt, steps and answer of another one, spacing aside; listed in duplicates.jsonl.
             */
            exact_duplicates: number;
            /**
             * Imported
             * @description Rows that became traces.
             */
            imported: number;
            /**
             * Kept
             * @description Rows of all splits together.
             */
            kept: number;
            /**
             * Left Out
             * @description Good rows beyond `max_examples`.
             */
            left_out: number;
            /**
             * Near Duplicates
             * @description Rows with nearly the words of another one, and its numbers and answer; listed in duplicates.jsonl.
             */
            near_duplicates: number;
            /**
             * Quarantined
             * @description Rows that repeat an evaluation item, listed in quarantine.jsonl.
             */
            quarantined: number;
            /**
             * Rejected
             * @description Rows with an error, listed in rejected.jsonl.
             */
            rejected: number;
            /**
             * Rows
             * @description Rows that were read.
             */
            rows: number;
            /**
             * Unscored
             * @description Imported rows whose answer no grader can score.
             */
            unscored: number;
            /**
             * Without Reasoning
             * @description Imported rows whose source marked no reasoning.
             */
            without_reasoning: number;
        };
        /**
         * DatasetBuild
         * @description Which traces become a dataset, and how the engine freezes them.
         */
        DatasetBuild: {
            /**
             * Allow Contaminated
             * @description Whether rows that repeat an evaluation task are kept.
             * @default false
             */
            allow_contaminated: boolean;
            /**
             * Dataset Name
             * @description Name of the dataset.
             */
            dataset_name: string;
            /**
             * Dataset Version
             * @description Its version; the key is `<name>-<version>`.
             */
            dataset_version: string;
            /**
             * Facets
             * @description Values of the columns that the list of traces filters by; a number is the same as its digits.
             */
            facets?: {
                [key: string]: string;
            };
            /**
             * Filters
             * @description Values that `meta` must have, of the same type.
             */
            filters?: {
                [key: string]: string | boolean | number;
            };
            /**
             * License
             * @description Licence of rows that state none.
             */
            license?: string | null;
            /**
             * Limit
             * @description Most traces that are selected; `all` has no limit.
             * @default 100
             */
            limit: number;
            /**
             * Max Examples
             * @description Most rows that are kept.
             */
            max_examples?: number | null;
            /**
             * Near Duplicate
             * @description Likeness from which on two rows with the same numbers and answer count as one.
             * @default 0.85
             */
            near_duplicate: number;
            /**
             * On Error
             * @description What a row that cannot be trained on does: fail the build, or be left out and recorded.
             * @default fail
             * @enum {string}
             */
            on_error: "fail" | "skip";
            /**
             * Parent Dataset Id
             * @description Dataset that it continues.
             */
            parent_dataset_id?: string | null;
            /**
             * Provenance
             * @description Whatever else its reader should know.
             */
            provenance?: {
                [key: string]: unknown;
            };
            /**
             * Q
             * @description Only traces that a full-text search finds.
             */
            q?: string | null;
            /**
             * Seed
             * @description Draws a random selection, the splits and what `max_examples` keeps; None: 0, and no random selection.
             */
            seed?: number | null;
            /**
             * Selection Strategy
             * @description The newest first, in an order that `seed` draws, or every one.
             * @default latest
             * @enum {string}
             */
            selection_strategy: "latest" | "random" | "all";
            /**
             * Session Id
             * @description Session that it belongs to; kept in the manifest's notes, as are the next three.
             */
            session_id?: string | null;
            /**
             * Tag
             * @description Only traces with this tag.
             */
            tag?: string | null;
            /**
             * Test Fraction
             * @description Share of the rows for the test split.
             * @default 0
             */
            test_fraction: number;
            /**
             * Training Run Id
             * @description Run that it is made for.
             */
            training_run_id?: string | null;
            /**
             * Upload Id
             * @description Only traces that came with this upload.
             */
            upload_id?: string | null;
            /**
             * Valid Fraction
             * @description Share of the rows for the valid split.
             * @default 0.05
             */
            valid_fraction: number;
        };
        /**
         * DatasetBuilt
         * @description A dataset that is frozen.
         */
        DatasetBuilt: {
            /**
             * Build Id
             * Format: uuid
             * @description Made from the digest: the same rows have the same one.
             */
            build_id: string;
            /** @description Where the selected rows went. */
            counts: components["schemas"]["Counts"];
            /**
             * Dataset Key
             * @description Its key.
             */
            dataset_key: string;
            /**
             * Digest
             * @description Digest of the rows.
             */
            digest: string;
            /**
             * Manifest Path
             * @description Where its manifest lies, relative to the home folder.
             */
            manifest_path: string;
            /**
             * Replayed
             * @description True: it was here already, with the same rows, and nothing was changed.
             */
            replayed: boolean;
            /**
             * Splits
             * @description Rows of each split.
             */
            splits: {
                [key: string]: number;
            };
            /**
             * Trace Count
             * @description Rows of all splits.
             */
            trace_count: number;
        };
        /**
         * DatasetDetail
         * @description The manifest of a dataset, and what others name its folder by.
         */
        DatasetDetail: {
            /** @description Settings of the build. */
            config: components["schemas"]["BuildConfig"];
            /**
             * Contamination
             * @description Overlap with every evaluation task that was compared.
             */
            contamination: components["schemas"]["TaskOverlap"][];
            /**
             * Contract Digest
             * @description Digest of the prompt contract that every row was checked to render under.
             */
            contract_digest: string;
            /** @description Where the rows went. */
            counts: components["schemas"]["Counts"];
            /**
             * Created
             * @description Time of the build, UTC, ISO 8601.
             */
            created: string;
            /**
             * Dataset Schema Version
             * @description Version of the rows: that of ReasoningTrace.
             * @default 1.0
             * @constant
             */
            dataset_schema_version: "1.0";
            /**
             * Digest
             * @description Digest of the rows of all splits: the same for the same input on every machine and day.
             */
            digest: string;
            /**
             * Domains
             * @description Kept rows by `meta.domain`; `none` where a row has none. Empty if an older version built it.
             */
            domains: {
                [key: string]: number;
            };
            /**
             * Families
             * @description Kept rows by `meta.family`; `none` where a row has none.
             */
            families: {
                [key: string]: number;
            };
            /**
             * Files
             * @description Digest of every other file in the folder.
             */
            files: {
                [key: string]: string;
            };
            /**
             * Folder Digest
             * @description Digest of all files, this manifest included: what runs and submissions record; `digest` is that of the rows.
             */
            folder_digest: string;
            /**
             * Format Version
             * @description Version of this format.
             * @default 1
             * @constant
             */
            format_version: "1";
            /**
             * Groups
             * @description Groups that were split.
             */
            groups: number;
            /**
             * Key
             * @description Name of the folder: `<name>-<version>`.
             */
            key: string;
            /**
             * Licenses
             * @description Kept rows by licence; `not stated` where a row has none.
             */
            licenses: {
                [key: string]: number;
            };
            /**
             * Name
             * @description Name of the dataset.
             */
            name: string;
            /**
             * Notes
             * @description What its builder wrote down: the selection it was made from, a session, a parent; never part of the digest.
             */
            notes: {
                [key: string]: unknown;
            };
            /** @description Code, packages and machine. */
            provenance: components["schemas"]["Provenance"];
            /**
             * Rejected Reasons
             * @description Rejected rows by field and reason.
             */
            rejected_reasons: {
                [key: string]: number;
            };
            /**
             * Seconds
             * @description Time of the build.
             */
            seconds: number;
            /**
             * Sources
             * @description Where the rows came from.
             */
            sources: components["schemas"]["SourceRecord"][];
            /**
             * Split By
             * @description What holds rows together: `meta.group` if all have one, else families, or templates where families are few.
             * @enum {string}
             */
            split_by: "group" | "family" | "template";
            /**
             * Splits
             * @description Rows of each split.
             */
            splits: {
                [key: string]: number;
            };
            statistics: components["schemas"]["Statistics"];
            /**
             * Version
             * @description Version of the dataset.
             */
            version: string;
        };
        /**
         * DatasetDiff
         * @description What changed from dataset `a` to dataset `b`.
         */
        DatasetDiff: {
            /**
             * A
             * @description Key of the first dataset.
             */
            a: string;
            /**
             * Added
             * @description Rows of `b` whose prompt is not in `a`.
             */
            added: number;
            /**
             * B
             * @description Key of the second dataset.
             */
            b: string;
            /**
             * Edited
             * @description Rows of `b` whose prompt is in `a`, with other steps or another answer.
             */
            edited: number;
            /**
             * Examples
             * @description Ids of the first five rows that were moved, edited, added or removed.
             */
            examples: {
                [key: string]: string[];
            };
            /**
             * Identical
             * @description Whether both have the same digest.
             */
            identical: boolean;
            /**
             * Mean Shift
             * @description Mean of `b` less mean of `a`: characters of prompt, reasoning and answer, and trace steps.
             */
            mean_shift: {
                [key: string]: number;
            };
            /**
             * Moved
             * @description Rows with the same prompt, steps and answer in another split.
             */
            moved: number;
            /**
             * Removed
             * @description Rows of `a` whose prompt is not in `b`.
             */
            removed: number;
            /**
             * Same
             * @description Rows with the same prompt, steps and answer in the same split.
             */
            same: number;
        };
        /**
         * DatasetListed
         * @description A dataset in a list.
         */
        DatasetListed: {
            /**
             * Bytes
             * @description Size of its folder.
             */
            bytes: number;
            /** @description Where the rows went. */
            counts: components["schemas"]["Counts"] | null;
            /**
             * Created At
             * Format: date-time
             * @description When it was built.
             */
            created_at: string;
            /**
             * Dataset Key
             * @description Its key.
             */
            dataset_key: string;
            /**
             * Dataset Name
             * @description Its name.
             */
            dataset_name: string;
            /**
             * Dataset Version
             * @description Its version.
             */
            dataset_version: string;
            /**
             * Digest
             * @description Digest of the rows.
             */
            digest: string;
            /**
             * Families
             * @description Rows by family.
             */
            families: {
                [key: string]: number;
            } | null;
            /**
             * Licenses
             * @description Rows by licence.
             */
            licenses: {
                [key: string]: number;
            } | null;
            /**
             * Splits
             * @description Rows of each split. None, as for the next three: another version kept it; `tunix-rt index` makes it again.
             */
            splits: {
                [key: string]: number;
            } | null;
            /**
             * Trace Count
             * @description Rows of all splits.
             */
            trace_count: number;
        };
        /**
         * Delta
         * @description One metric on both sides, over the items that have a value on both.
         */
        Delta: {
            /**
             * A
             * @description Mean over the paired items on side A.
             */
            a: number;
            /**
             * A Metric
             * @description What was read on side A.
             * @enum {string}
             */
            a_metric: "strict" | "lenient" | "format" | "stop" | "truncated" | "arithmetic";
            /**
             * Adjusted P
             * @description p after Holm's correction for the number of families; None where one test stands alone.
             */
            adjusted_p: number | null;
            /**
             * B
             * @description Mean over the paired items on side B.
             */
            b: number;
            /**
             * B Metric
             * @description What was read on side B.
             * @enum {string}
             */
            b_metric: "strict" | "lenient" | "format" | "stop" | "truncated" | "arithmetic";
            /**
             * Name
             * @description Metric or family.
             */
            name: string;
            /** @description B minus A with interval, exact p, n, gained and lost. */
            paired: components["schemas"]["PairedDelta"];
        };
        /**
         * DuplicateRow
         * @description A row that another one stands for.
         */
        DuplicateRow: {
            /**
             * Kept
             * @description `meta.id` of the row that stands for it.
             */
            kept: string;
            /**
             * Kind
             * @description Whether its words are the same, or nearly so.
             * @enum {string}
             */
            kind: "exact" | "near";
            /**
             * Similarity
             * @description Jaccard index of their words; 1 for the same.
             */
            similarity: number;
            /** @description The row itself. */
            trace: components["schemas"]["ReasoningTrace"];
        };
        /**
         * Estimate
         * @description A share or a mean over evaluated items, with its 95 % interval.
         */
        Estimate: {
            /**
             * High
             * @description Upper end of the 95 % interval.
             */
            high: number;
            /**
             * Low
             * @description Lower end of the 95 % interval.
             */
            low: number;
            /**
             * N
             * @description Items behind the value.
             */
            n: number;
            /**
             * Value
             * @description The measured share (0 to 1) or mean.
             */
            value: number;
        };
        /**
         * EvaluateBody
         * @description A request to measure what a run trained.
         */
        EvaluateBody: {
            /**
             * Batch Size
             * @description Sequences decoded at a time.
             * @default 32
             */
            batch_size: number;
            /**
             * Dtype
             * @description Type of the arithmetic.
             * @default float32
             * @enum {string}
             */
            dtype: "float32" | "bfloat16";
            /**
             * Few Shot Pool
             * @description Task that gives the worked examples.
             * @default dev-reasoning-v1
             */
            few_shot_pool: string;
            /**
             * Judge Override
             * @description Kept for clients of the earlier system: only null, since answers are compared, not judged.
             */
            judge_override?: null;
            /**
             * Limit
             * @description Measure only the first so many items; None: all.
             */
            limit?: number | null;
            /**
             * Max New Tokens
             * @description Longest completion, in tokens.
             * @default 256
             */
            max_new_tokens: number;
            /**
             * Num Samples
             * @description Completions per item; more than one needs a temperature above 0.
             * @default 1
             */
            num_samples: number;
            /**
             * Priority
             * @description Place in the queue: higher goes first.
             * @default 0
             */
            priority: number;
            /**
             * Prompt
             * @description Ask under the prompt contract, or after worked examples; `few_shot` means `few_shot_plain`.
             * @default contract
             * @enum {string}
             */
            prompt: "contract" | "few_shot" | "few_shot_plain" | "few_shot_turns";
            /**
             * Seed
             * @description Seed of the sampling and of the choice of worked examples.
             * @default 0
             */
            seed: number;
            /**
             * Shots
             * @description Worked examples of the few-shot prompt.
             * @default 4
             */
            shots: number;
            /**
             * Task
             * @description Name of the task, with its split: `dev-reasoning-v1:heldout`; GET /api/tasks lists them.
             * @default dev-reasoning-v1:heldout
             */
            task: string;
            /**
             * Temperature
             * @description 0: greedy; above: sampled.
             * @default 0
             */
            temperature: number;
            /**
             * Top P
             * @description Keep the most likely tokens whose probabilities sum to this.
             * @default 1
             */
            top_p: number;
        };
        /**
         * EvaluationBody
         * @description A request to measure a base model.
         */
        EvaluationBody: {
            /**
             * Batch Size
             * @description Sequences decoded at a time.
             * @default 32
             */
            batch_size: number;
            /**
             * Dtype
             * @description Type of the arithmetic.
             * @default float32
             * @enum {string}
             */
            dtype: "float32" | "bfloat16";
            /**
             * Few Shot Pool
             * @description Task that gives the worked examples.
             * @default dev-reasoning-v1
             */
            few_shot_pool: string;
            /**
             * Limit
             * @description Measure only the first so many items; None: all.
             */
            limit?: number | null;
            /**
             * Max New Tokens
             * @description Longest completion, in tokens.
             * @default 256
             */
            max_new_tokens: number;
            /**
             * Model
             * @description Name of the base model.
             * @enum {string}
             */
            model: "gemma3-270m" | "gemma3-1b-it" | "gemma2-2b-it" | "nano";
            /**
             * Num Samples
             * @description Completions per item; more than one needs a temperature above 0.
             * @default 1
             */
            num_samples: number;
            /**
             * Priority
             * @description Place in the queue: higher goes first.
             * @default 0
             */
            priority: number;
            /**
             * Prompt
             * @description Ask under the prompt contract, or after worked examples; `few_shot` means `few_shot_plain`.
             * @default contract
             * @enum {string}
             */
            prompt: "contract" | "few_shot" | "few_shot_plain" | "few_shot_turns";
            /**
             * Seed
             * @description Seed of the sampling and of the choice of worked examples.
             * @default 0
             */
            seed: number;
            /**
             * Shots
             * @description Worked examples of the few-shot prompt.
             * @default 4
             */
            shots: number;
            /**
             * Task
             * @description Name of the task, with its split: `dev-reasoning-v1:heldout`; GET /api/tasks lists them.
             * @default dev-reasoning-v1:heldout
             */
            task: string;
            /**
             * Temperature
             * @description 0: greedy; above: sampled.
             * @default 0
             */
            temperature: number;
            /**
             * Top P
             * @description Keep the most likely tokens whose probabilities sum to this.
             * @default 1
             */
            top_p: number;
        };
        /**
         * EvaluationManifest
         * @description What an evaluation folder says about itself.
         */
        EvaluationManifest: {
            /**
             * By Difficulty
             * @description The same by difficulty, 1 to 5.
             */
            by_difficulty: {
                [key: string]: components["schemas"]["Metrics"];
            };
            /**
             * By Domain
             * @description The same by domain.
             */
            by_domain: {
                [key: string]: components["schemas"]["Metrics"];
            };
            /**
             * By Family
             * @description The same by family.
             */
            by_family: {
                [key: string]: components["schemas"]["Metrics"];
            };
            /**
             * Contract Digest
             * @description Digest of the prompt contract in force.
             */
            contract_digest: string;
            /**
             * Created
             * @description When the evaluation ended, UTC.
             */
            created: string;
            /**
             * Digest
             * @description Digest of the content: task, prompt form, sampling, model and samples; not of times or machine.
             */
            digest: string;
            /**
             * Files
             * @description Digest of every other file in the folder.
             */
            files: {
                [key: string]: string;
            };
            /**
             * Id
             * @description Name of the folder.
             */
            id: string;
            /**
             * Manifest Version
             * @description Version of this format.
             * @default 1.0
             * @constant
             */
            manifest_version: "1.0";
            /** @description Over all items. */
            metrics: components["schemas"]["Metrics"];
            /** @description What was measured. */
            model: components["schemas"]["ModelRef"];
            /**
             * Num Samples
             * @description Completions per item.
             */
            num_samples: number;
            /** @description The text around every item. */
            prompt: components["schemas"]["PromptForm"];
            /**
             * Prompt Digest
             * @description Digest of the prompt form.
             */
            prompt_digest: string;
            /** @description Code, packages, machine, device and dtype. */
            provenance: components["schemas"]["Provenance"];
            /** @description How completions were drawn. */
            sampling: components["schemas"]["SamplingConfig"];
            /** @description What was asked. */
            task: components["schemas"]["TaskRef"];
            /** @description How long it took. */
            timings: components["schemas"]["Timings"];
        };
        /**
         * EvaluationQueued
         * @description An evaluation that waits for a worker.
         */
        EvaluationQueued: {
            /**
             * Job Id
             * Format: uuid
             * @description Job that measures; GET /api/jobs/{job_id} says how far it is, and its result names the evaluation.
             */
            job_id: string;
            /**
             * Run Id
             * @description Run whose model is measured; None: a base model.
             */
            run_id: string | null;
            /**
             * Status
             * @description Status of the job.
             */
            status: string;
        };
        /**
         * EvaluationRef
         * @description One side of a comparison.
         */
        EvaluationRef: {
            /**
             * Digest
             * @description Digest of its content.
             */
            digest: string;
            /**
             * Id
             * @description Name of the evaluation.
             */
            id: string;
            /**
             * Model
             * @description Model that was measured, with its run if it was trained.
             */
            model: string;
            /**
             * Prompt
             * @description Name of the prompt form.
             */
            prompt: string;
        };
        /**
         * EvaluationSummary
         * @description An evaluation in a list.
         */
        EvaluationSummary: {
            /**
             * Adapter Digest
             * @description Digest of the trained weights on top of it; None: a base model.
             */
            adapter_digest: string | null;
            /**
             * Contract Digest
             * @description Digest of the prompt contract.
             */
            contract_digest: string;
            /**
             * Dataset Key
             * @description Dataset that the run was trained on; None: a base model, or the run is not here.
             */
            dataset_key: string | null;
            /**
             * Device
             * @description Device that measured.
             */
            device: string | null;
            /**
             * Digest
             * @description Digest of its content.
             */
            digest: string;
            /**
             * Evaluated At
             * Format: date-time
             * @description When it ended.
             */
            evaluated_at: string;
            /**
             * Evaluation Id
             * @description Name of the evaluation and of its folder.
             */
            evaluation_id: string;
            /**
             * Git Commit
             * @description Commit of the code that measured.
             */
            git_commit: string | null;
            /**
             * Imported
             * @description Whether it was taken in from elsewhere: its figures follow from its samples, but nobody here saw them made.
             */
            imported: boolean;
            /**
             * Items
             * @description Items that were asked; None: the row was kept by another version, `tunix-rt index` makes it again.
             */
            items: number | null;
            /** @description Share of right answers found anywhere, with its 95 % interval; None: nothing is scored. */
            lenient: components["schemas"]["Estimate"] | null;
            /**
             * Model Id
             * @description Base model.
             */
            model_id: string;
            /**
             * N
             * @description Items with a score.
             */
            n: number;
            /**
             * Prompt
             * @description contract | few_shot_plain | few_shot_turns
             */
            prompt: string;
            /**
             * Run Id
             * @description Run whose model was measured; None: a base model.
             */
            run_id: string | null;
            /**
             * Stale
             * @description Whether its run trained on since: these are figures of weights that are gone, and rank only among `all`.
             */
            stale: boolean;
            /** @description Share of right answers in their place, with its 95 % interval; None: nothing is scored. */
            strict: components["schemas"]["Estimate"] | null;
            /**
             * Task
             * @description Name of the task.
             */
            task: string;
            /**
             * Task Digest
             * @description Digest of the items that were asked.
             */
            task_digest: string;
            /**
             * Task Split
             * @description Split of the task.
             */
            task_split: string;
            /**
             * Verified
             * @description Whether its items are those of the task on this machine, and all verdicts were made again from them.
             */
            verified: boolean;
        };
        /**
         * FacetValue
         * @description A value that traces have, and how many have it.
         */
        FacetValue: {
            /**
             * Capped
             * @description Whether there may be more than were counted.
             */
            capped: boolean;
            /**
             * Count
             * @description Traces with it; at most the cap.
             */
            count: number;
            /**
             * Value
             * @description The value, as the filter takes it.
             */
            value: string;
        };
        /**
         * Facets
         * @description The values that filters can take.
         */
        Facets: {
            /**
             * Difficulty
             * @description Difficulties.
             */
            difficulty: components["schemas"]["FacetValue"][];
            /**
             * Domain
             * @description Fields of knowledge.
             */
            domain: components["schemas"]["FacetValue"][];
            /**
             * Family
             * @description Kinds of problems.
             */
            family: components["schemas"]["FacetValue"][];
            /**
             * License
             * @description Licences.
             */
            license: components["schemas"]["FacetValue"][];
            /**
             * Source
             * @description Sources, in alphabetical order, as all of these.
             */
            source: components["schemas"]["FacetValue"][];
            /**
             * Tag
             * @description Tags.
             */
            tag: components["schemas"]["FacetValue"][];
            /**
             * Truncated
             * @description Filters with more values than are shown.
             */
            truncated: string[];
        };
        /**
         * Forecast
         * @description What a session will take of each limit.
         */
        Forecast: {
            /**
             * Disk
             * @description Bytes by what takes them, once the session has ended.
             */
            disk: {
                [key: string]: number;
            };
            /**
             * Disk Bytes
             * @description Their sum.
             */
            disk_bytes: number;
            /**
             * Minutes
             * @description Minutes from the start of the notebook to its end: the set-up and the whole budget.
             */
            minutes: number;
            /**
             * Output Bytes
             * @description Bytes that the output may take.
             */
            output_bytes: number;
            /**
             * Problems
             * @description What does not fit, with what to change; empty if everything does.
             */
            problems: string[];
            /**
             * Session Hours
             * @description Hours that one session may take.
             */
            session_hours: number;
            /**
             * Sessions A Week
             * @description Such sessions that fit into a week's hours.
             */
            sessions_a_week: number;
            /**
             * Sources
             * @description Where each limit comes from.
             */
            sources: {
                [key: string]: string;
            };
            /**
             * Week Hours
             * @description Hours that a week gives.
             */
            week_hours: number;
        };
        /**
         * Imported
         * @description What was taken in.
         */
        Imported: {
            /**
             * Datasets
             * @description Datasets that came along and were not here.
             */
            datasets: string[];
            /**
             * Evaluations
             * @description Evaluations that came along and were not here.
             */
            evaluations: string[];
            /**
             * Runs
             * @description Runs.
             */
            runs: components["schemas"]["ImportedRun"][];
        };
        /**
         * ImportedRun
         * @description A run that was taken in.
         */
        ImportedRun: {
            /**
             * Bytes
             * @description Bytes that they hold.
             */
            bytes: number;
            /**
             * Files
             * @description Files that it has.
             */
            files: number;
            /**
             * Missing Upstream
             * @description What it names that is not here.
             */
            missing_upstream: string[];
            /**
             * Replayed
             * @description Whether the same run was here before; nothing was changed.
             */
            replayed: boolean;
            /**
             * Run Id
             * @description Id of the run.
             */
            run_id: string;
            /**
             * Unverified
             * @description Files of the run that it keeps no digest of.
             */
            unverified: string[];
            /**
             * Verified
             * @description What equals its recorded digests: its own files, and what it names that is here.
             */
            verified: string[];
        };
        /**
         * Interval
         * @description A share or a mean with its confidence interval.
         */
        Interval: {
            /**
             * High
             * @description Upper end.
             */
            high: number;
            /**
             * Low
             * @description Lower end.
             */
            low: number;
            /**
             * Value
             * @description What was observed.
             */
            value: number;
        };
        /**
         * JobDetail
         * @description A job with all that is known of it.
         */
        JobDetail: {
            /**
             * Actor
             * @description Who asked for it.
             */
            actor: string;
            /**
             * Attempts
             * @description How often a worker began it.
             */
            attempts: number;
            /**
             * Available At
             * Format: date-time
             * @description Not claimed before this moment.
             */
            available_at: string;
            /**
             * Cancel Requested
             * @description Whether somebody asked for its end.
             */
            cancel_requested: boolean;
            /**
             * Created At
             * Format: date-time
             * @description When it was asked for.
             */
            created_at: string;
            /**
             * Exit Code
             * @description Exit code of its command; negative: the signal that ended it; None: it has not ended.
             */
            exit_code: number | null;
            /**
             * Finished At
             * @description When it ended.
             */
            finished_at: string | null;
            /**
             * Id
             * Format: uuid
             * @description Id of the job.
             */
            id: string;
            /**
             * Kind
             * @description sft | grpo | session | eval | submission.
             */
            kind: string;
            /**
             * Lease Until
             * @description Until when it is its worker's without a further word.
             */
            lease_until: string | null;
            /**
             * Max Attempts
             * @description Attempts without new work that are allowed.
             */
            max_attempts: number;
            /**
             * Priority
             * @description Higher goes first; in one priority the older.
             */
            priority: number;
            /**
             * Reason
             * @description Why it ended as it did, in a sentence.
             */
            reason: string | null;
            /**
             * Result
             * @description The JSON object that its command printed last.
             */
            result: {
                [key: string]: unknown;
            } | null;
            /**
             * Run Id
             * @description Run that it makes (sft, grpo, session), measures (eval) or bundles (submission).
             */
            run_id: string | null;
            /**
             * Spec
             * @description What it was asked to do.
             */
            spec: {
                [key: string]: unknown;
            };
            /**
             * Started At
             * @description When its newest attempt began.
             */
            started_at: string | null;
            /**
             * Status
             * @description queued | running | completed | stopped | failed | cancelled.
             */
            status: string;
            /**
             * Worker Id
             * @description Worker that has it, or had it last.
             */
            worker_id: string | null;
        };
        /**
         * JobRow
         * @description An item of the queue.
         */
        JobRow: {
            /**
             * Actor
             * @description Who asked for it.
             */
            actor: string;
            /**
             * Attempts
             * @description How often a worker began it.
             */
            attempts: number;
            /**
             * Cancel Requested
             * @description Whether somebody asked for its end.
             */
            cancel_requested: boolean;
            /**
             * Created At
             * Format: date-time
             * @description When it was asked for.
             */
            created_at: string;
            /**
             * Exit Code
             * @description Exit code of its command; negative: the signal that ended it; None: it has not ended.
             */
            exit_code: number | null;
            /**
             * Finished At
             * @description When it ended.
             */
            finished_at: string | null;
            /**
             * Id
             * Format: uuid
             * @description Id of the job.
             */
            id: string;
            /**
             * Kind
             * @description sft | grpo | session | eval | submission.
             */
            kind: string;
            /**
             * Max Attempts
             * @description Attempts without new work that are allowed.
             */
            max_attempts: number;
            /**
             * Priority
             * @description Higher goes first; in one priority the older.
             */
            priority: number;
            /**
             * Reason
             * @description Why it ended as it did, in a sentence.
             */
            reason: string | null;
            /**
             * Run Id
             * @description Run that it makes (sft, grpo, session), measures (eval) or bundles (submission).
             */
            run_id: string | null;
            /**
             * Started At
             * @description When its newest attempt began.
             */
            started_at: string | null;
            /**
             * Status
             * @description queued | running | completed | stopped | failed | cancelled.
             */
            status: string;
            /**
             * Worker Id
             * @description Worker that has it, or had it last.
             */
            worker_id: string | null;
        };
        JsonValue: unknown;
        /**
         * Judge
         * @description What decided whether an answer is right.
         */
        Judge: {
            /**
             * Name
             * @description Name of the rule.
             */
            name: string;
            /**
             * Version
             * @description Version of tunix-rt whose graders were used.
             */
            version: string;
        };
        /**
         * Leaderboard
         * @description Evaluations of one task and one prompt contract, the best first.
         */
        Leaderboard: {
            /**
             * Contract Digest
             * @description Digest of the prompt contract.
             */
            contract_digest: string;
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["LeaderboardRow"][];
            /**
             * Filters
             * @description Filters that were applied; ranks are those of the whole board.
             */
            filters: {
                [key: string]: unknown;
            };
            /**
             * Method
             * @description How ranks are made.
             */
            method: string;
            /**
             * Ordered By
             * @description Score that decides.
             * @enum {string}
             */
            ordered_by: "strict" | "lenient";
            /**
             * Other Digests
             * @description Other items of this task that were measured under this contract, such as its first 50: most items first.
             */
            other_digests: components["schemas"]["MeasuredItems"][];
            pagination: components["schemas"]["Pagination"];
            /**
             * Task
             * @description Name of the task; None: nothing was measured yet.
             */
            task: string | null;
            /**
             * Task Digest
             * @description Digest of the items; only evaluations of the same items are compared.
             */
            task_digest: string | null;
            /**
             * Total
             * @description Rows of the board, filters aside.
             */
            total: number;
        };
        /**
         * LeaderboardRow
         * @description One row of the leaderboard.
         */
        LeaderboardRow: {
            /**
             * Adapter Digest
             * @description Digest of the trained weights on top of it; None: a base model.
             */
            adapter_digest: string | null;
            /**
             * Contract Digest
             * @description Digest of the prompt contract.
             */
            contract_digest: string;
            /**
             * Dataset Key
             * @description Dataset that the run was trained on; None: a base model, or the run is not here.
             */
            dataset_key: string | null;
            /**
             * Device
             * @description Device that measured.
             */
            device: string | null;
            /**
             * Digest
             * @description Digest of its content.
             */
            digest: string;
            /**
             * Evaluated At
             * Format: date-time
             * @description When it ended.
             */
            evaluated_at: string;
            /**
             * Evaluation Id
             * @description Name of the evaluation and of its folder.
             */
            evaluation_id: string;
            /**
             * Git Commit
             * @description Commit of the code that measured.
             */
            git_commit: string | null;
            /**
             * Imported
             * @description Whether it was taken in from elsewhere: its figures follow from its samples, but nobody here saw them made.
             */
            imported: boolean;
            /**
             * Is Base
             * @description Whether it is an untrained base model.
             */
            is_base: boolean;
            /**
             * Items
             * @description Items that were asked; None: the row was kept by another version, `tunix-rt index` makes it again.
             */
            items: number | null;
            /**
             * Leader
             * @description Evaluation of the first row of its rank.
             */
            leader: string | null;
            /** @description Share of right answers found anywhere, with its 95 % interval; None: nothing is scored. */
            lenient: components["schemas"]["Estimate"] | null;
            /**
             * Model Id
             * @description Base model.
             */
            model_id: string;
            /**
             * N
             * @description Items with a score.
             */
            n: number;
            /**
             * P
             * @description Adjusted p of the difference from the first row of its rank; None for that row itself.
             */
            p: number | null;
            /**
             * Primary Score
             * @description The score that the board is ordered by, 0 to 1.
             */
            primary_score: number | null;
            /**
             * Prompt
             * @description contract | few_shot_plain | few_shot_turns
             */
            prompt: string;
            /**
             * Rank
             * @description Place; rows that cannot be told apart share it. None: nothing is scored, or it is imported and not verified.
             */
            rank: number | null;
            /**
             * Run Id
             * @description Run whose model was measured; None: a base model.
             */
            run_id: string | null;
            /**
             * Score
             * @description The score that the board is ordered by, 0 to 100.
             */
            score: number | null;
            /** @description How many items stand behind it. */
            scorecard: components["schemas"]["Scorecard"];
            /**
             * Stale
             * @description Whether its run trained on since: these are figures of weights that are gone, and rank only among `all`.
             */
            stale: boolean;
            /** @description Share of right answers in their place, with its 95 % interval; None: nothing is scored. */
            strict: components["schemas"]["Estimate"] | null;
            /**
             * Task
             * @description Name of the task.
             */
            task: string;
            /**
             * Task Digest
             * @description Digest of the items that were asked.
             */
            task_digest: string;
            /**
             * Task Split
             * @description Split of the task.
             */
            task_split: string;
            /**
             * Tied
             * @description Other rows of the same rank.
             */
            tied: number;
            /**
             * Verified
             * @description Whether its items are those of the task on this machine, and all verdicts were made again from them.
             */
            verified: boolean;
        };
        /**
         * MeasuredItems
         * @description Items of a task that evaluations asked, and that have a board of their own.
         */
        MeasuredItems: {
            /**
             * Evaluations
             * @description Evaluations that asked these items.
             */
            evaluations: number;
            /**
             * N
             * @description Items with a score, in the evaluation that has most.
             */
            n: number;
            /**
             * Newest
             * Format: date-time
             * @description When the newest of them ended.
             */
            newest: string;
            /**
             * Task Digest
             * @description Digest of the items; asked for as `task_digest`, it gives their board.
             */
            task_digest: string;
        };
        /**
         * Metrics
         * @description What was measured over a set of items; a metric without a single item behind it is None, never 0.
         */
        Metrics: {
            /** @description Share of completions without a wrong equation, of those that write at least one that can be recomputed. */
            arithmetic: components["schemas"]["Estimate"] | null;
            /** @description Share of completions in exactly the form that the prompt asks for. */
            format: components["schemas"]["Estimate"] | null;
            /**
             * Items
             * @description Items evaluated, unscored ones included.
             */
            items: number;
            /** @description Share of right answers found anywhere in the completion. */
            lenient: components["schemas"]["Estimate"] | null;
            /**
             * N
             * @description Items with a score.
             */
            n: number;
            /**
             * Pass At
             * @description Chance that at least one of k completions is right (strict), by k; empty with one completion per item.
             */
            pass_at: {
                [key: string]: components["schemas"]["Estimate"];
            };
            /** @description Share of completions that the model ended itself. */
            stop: components["schemas"]["Estimate"] | null;
            /** @description Share of right answers that stand where the prompt's form puts them, in a well-formed completion. */
            strict: components["schemas"]["Estimate"] | null;
            /** @description Mean number of generated tokens. */
            tokens: components["schemas"]["Estimate"] | null;
            /** @description Share of completions cut off at `max_new_tokens`. */
            truncated: components["schemas"]["Estimate"] | null;
            /**
             * Unscored
             * @description Items without a score, counted by reason.
             */
            unscored: {
                [key: string]: number;
            };
        };
        /**
         * ModelRef
         * @description Which model was measured, down to the digests of its weights.
         */
        ModelRef: {
            /**
             * Adapter Digest
             * @description Digest of the trained weights on top of the base model; None for the base model itself.
             */
            adapter_digest: string | null;
            /**
             * Digest
             * @description Digest of the base model's files; None for a sampler that is not a model on this machine.
             */
            digest: string | null;
            /**
             * Name
             * @description Name of the base model, such as `gemma3-270m`.
             */
            name: string;
            /**
             * Run
             * @description Run that trained it; None for the base model itself.
             */
            run: string | null;
        };
        /**
         * NamedMetric
         * @description A metric by its name, with its 95 % interval.
         */
        NamedMetric: {
            /**
             * High
             * @description Upper end of the interval.
             */
            high: number;
            /**
             * Low
             * @description Lower end of the interval.
             */
            low: number;
            /**
             * N
             * @description Items behind it.
             */
            n: number;
            /**
             * Name
             * @description strict | lenient | format | stop | truncated | arithmetic | tokens
             */
            name: string;
            /**
             * Value
             * @description The share (0 to 1) or mean.
             */
            value: number;
        };
        /**
         * OverlapExample
         * @description One match, for people.
         */
        OverlapExample: {
            /**
             * Item
             * @description Id of the evaluation item.
             */
            item: string;
            /**
             * Kind
             * @description What they share.
             * @enum {string}
             */
            kind: "prompt" | "13-gram" | "8-gram";
            /**
             * Prompt
             * @description Prompt of the item, at most 200 characters.
             */
            prompt: string;
            /**
             * Row
             * @description `meta.id` of the row.
             */
            row: string;
            /**
             * Share
             * @description Share of the item's 8-grams found in the row, 0 to 1.
             */
            share: number;
        };
        /**
         * Overview
         * @description How much there is of everything.
         */
        Overview: {
            /**
             * Datasets
             * @description Frozen datasets.
             */
            datasets: number;
            /**
             * Evaluations
             * @description Evaluations.
             */
            evaluations: number;
            /**
             * Runs
             * @description Runs by status; a status that no run has is not named.
             */
            runs: {
                [key: string]: number;
            };
            /**
             * Submissions
             * @description Bundles.
             */
            submissions: number;
            /**
             * Tasks
             * @description Tasks with a score, each of which has a leaderboard.
             */
            tasks: number;
            /**
             * Traces
             * @description Traces, exactly.
             */
            traces: number;
            /**
             * Waiting
             * @description Jobs of any kind that wait for a worker.
             */
            waiting: number;
            /**
             * Workers
             * @description Workers that are alive.
             */
            workers: number;
        };
        /** Page[AuditRow] */
        Page_AuditRow_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["AuditRow"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[DatasetListed] */
        Page_DatasetListed_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["DatasetListed"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[DuplicateRow] */
        Page_DuplicateRow_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["DuplicateRow"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[EvaluationSummary] */
        Page_EvaluationSummary_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["EvaluationSummary"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[JobRow] */
        Page_JobRow_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["JobRow"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[QuarantinedRow] */
        Page_QuarantinedRow_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["QuarantinedRow"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[RatingRead] */
        Page_RatingRead_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["RatingRead"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[RolloutGroup] */
        Page_RolloutGroup_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["RolloutGroup"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[RowError] */
        Page_RowError_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["RowError"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[RowPreview] */
        Page_RowPreview_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["RowPreview"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[RunRow] */
        Page_RunRow_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["RunRow"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[Sample] */
        Page_Sample_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["Sample"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[ScoreRead] */
        Page_ScoreRead_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["ScoreRead"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[SubmissionSummary] */
        Page_SubmissionSummary_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["SubmissionSummary"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[TokenRow] */
        Page_TokenRow_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["TokenRow"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[TraceListed] */
        Page_TraceListed_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["TraceListed"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[UploadListed] */
        Page_UploadListed_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["UploadListed"][];
            pagination: components["schemas"]["Pagination"];
        };
        /** Page[Worker] */
        Page_Worker_: {
            /**
             * Data
             * @description The rows, newest first unless said otherwise.
             */
            data: components["schemas"]["Worker"][];
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * Pagination
         * @description Where the next page begins.
         */
        Pagination: {
            /**
             * Limit
             * @description Most rows of a page.
             */
            limit: number;
            /**
             * Next Cursor
             * @description Cursor of the next page; None: this is the last one.
             */
            next_cursor: string | null;
            /**
             * Next Offset
             * @description Offset of the next page; None: this is the last one, or a cursor was used.
             */
            next_offset: number | null;
            /**
             * Offset
             * @description Rows passed over.
             */
            offset: number;
        };
        /**
         * PairedDelta
         * @description How much better `b` is than `a` on the same items.
         */
        PairedDelta: {
            /**
             * Delta
             * @description Mean of b minus mean of a; above 0 means that b is better.
             */
            delta: number;
            /**
             * Gained
             * @description Pairs in which b is above a.
             */
            gained: number;
            /**
             * High
             * @description Upper end of the bootstrap interval of `delta`.
             */
            high: number;
            /**
             * Lost
             * @description Pairs in which b is below a.
             */
            lost: number;
            /**
             * Low
             * @description Lower end of the bootstrap interval of `delta`.
             */
            low: number;
            /**
             * N
             * @description Number of pairs.
             */
            n: number;
            /**
             * P
             * @description Two-sided p value of "no difference": exact McNemar for right/wrong values, else a sign-flip permutation test.
             */
            p: number;
        };
        /**
         * Part
         * @description One thing that the service needs.
         */
        Part: {
            /**
             * Detail
             * @description What was found, and what to do if it is not as it must be.
             */
            detail: string;
            /**
             * Name
             * @description What was looked at.
             * @enum {string}
             */
            name: "database" | "disk" | "worker";
            /**
             * Ok
             * @description Whether it is as it must be.
             */
            ok: boolean;
        };
        /**
         * PlanReply
         * @description What a run would do.
         */
        PlanReply: {
            /**
             * Completed At
             * @description When it ended.
             */
            completed_at: string | null;
            /**
             * Dataset Key
             * @description Dataset.
             */
            dataset_key: string | null;
            /**
             * Duration Seconds
             * @description Length of the newest attempt.
             */
            duration_seconds: number | null;
            /**
             * Exit Code
             * @description Exit code of the command; None: it has not ended.
             */
            exit_code: number | null;
            /**
             * Message
             * @description What the status means, and what to do next.
             */
            message: string;
            /**
             * Mode
             * @description async | local | import | dry-run.
             */
            mode: string;
            /**
             * Model Id
             * @description Base model.
             */
            model_id: string;
            /**
             * Output Dir
             * @description Always empty: the files of a run are read by its artifacts.
             * @default
             */
            output_dir: string;
            /**
             * Plan
             * @description The engine's plan: updates, tokens, bytes, seconds; None if none could be made.
             */
            plan: {
                [key: string]: unknown;
            } | null;
            /**
             * Run Id
             * @description Id of the run; None: a plan makes none.
             */
            run_id: string | null;
            /**
             * Started At
             * @description When it began.
             */
            started_at: string | null;
            /**
             * Status
             * @description Status of the run; of a plan `completed` or `failed`.
             */
            status: string;
            /**
             * Stderr
             * @description The last 10 KB of the log: what every attempt said, as `GET …/logs` tells it.
             */
            stderr: string;
            /**
             * Stdout
             * @description The result that the command printed; of a plan all that it printed as data, its last 10 KB.
             */
            stdout: string;
        };
        /**
         * Preview
         * @description One example as the model sees it.
         */
        Preview: {
            /**
             * Name
             * @description Id of the trace.
             */
            name: string;
            /**
             * Tokens
             * @description Its tokens in order.
             */
            tokens: components["schemas"]["TokenView"][];
        };
        /**
         * Previews
         * @description What is written before the first update.
         */
        Previews: {
            /**
             * Examples
             * @description The first examples of the first rows.
             */
            examples: components["schemas"]["Preview"][];
        };
        /**
         * Problem
         * @description The body of every answer that is an error (RFC 9457).
         */
        Problem: {
            /**
             * Detail
             * @description What was expected, what came, and what to do next.
             */
            detail: string;
            /**
             * Errors
             * @description Each wrong field or row, where there are several.
             * @default []
             */
            errors: {
                [key: string]: unknown;
            }[];
            /**
             * Instance
             * @description Path of the request.
             */
            instance: string;
            /**
             * Request Id
             * @description Id of the request, as in the log and in the header X-Request-Id.
             */
            request_id: string;
            /**
             * Status
             * @description HTTP status.
             */
            status: number;
            /**
             * Title
             * @description The kind of error in words.
             */
            title: string;
            /**
             * Type
             * @description Stable name of the kind of error; a client may switch on it.
             */
            type: string;
        };
        /**
         * PromptForm
         * @description The fixed text before and after an item's prompt, shared by all items of an evaluation.
         */
        PromptForm: {
            /**
             * Name
             * @description Which of the three forms.
             * @enum {string}
             */
            name: "contract" | "few_shot_plain" | "few_shot_turns";
            /**
             * Prefix
             * @description Text that every prompt starts with, worked examples included; a sampler may prefill it once.
             */
            prefix: string;
            /**
             * Shots
             * @description Names of the worked examples, in order; empty without examples.
             */
            shots: string[];
            /**
             * Stop
             * @description Texts that end a completion under this form, beside the end tokens.
             */
            stop: string[];
            /**
             * Suffix
             * @description Text between the item and the completion.
             */
            suffix: string;
        };
        /**
         * Provenance
         * @description Who made this: code, packages, machine. It is recorded beside a digest and is never part of one.
         */
        Provenance: {
            /**
             * Cpus
             * @description Processor cores that this process may use.
             */
            cpus: number;
            /**
             * Device
             * @description Accelerator or processor that did the arithmetic, as JAX names it; None where none was used.
             */
            device: string | null;
            /**
             * Dtype
             * @description Type of the arithmetic, `float32` or `bfloat16`; None where none was used.
             */
            dtype: string | null;
            /**
             * Git Commit
             * @description Commit of the source tree; None if the package was not run from a git checkout.
             */
            git_commit: string | null;
            /**
             * Git Dirty
             * @description Whether tracked files differed from that commit; None without a checkout.
             */
            git_dirty: boolean | null;
            /**
             * Packages
             * @description Versions of the installed packages that can change a result.
             */
            packages: {
                [key: string]: string;
            };
            /**
             * Platform
             * @description Operating system and processor architecture.
             */
            platform: string;
            /**
             * Python
             * @description Version of Python.
             */
            python: string;
            /**
             * Tunix Rt
             * @description Version of tunix-rt.
             */
            tunix_rt: string;
        };
        /**
         * Quantiles
         * @description Spread of one quantity over the kept rows.
         */
        Quantiles: {
            /**
             * Histogram
             * @description Rows in each of at most 20 bins, equally wide from `min` to `max` + 1; empty if an older version built it.
             */
            histogram: number[];
            /**
             * Max
             * @description Largest value.
             */
            max: number;
            /**
             * Mean
             * @description Mean, to two decimals.
             */
            mean: number;
            /**
             * Median
             * @description Value that half of the rows do not exceed.
             */
            median: number;
            /**
             * Min
             * @description Smallest value.
             */
            min: number;
            /**
             * P95
             * @description Value that 95 % of the rows do not exceed.
             */
            p95: number;
            /**
             * Total
             * @description Sum.
             */
            total: number;
        };
        /**
         * QuarantinedRow
         * @description A row that repeats an item of an evaluation task.
         */
        QuarantinedRow: {
            /**
             * Item
             * @description Id of the item.
             */
            item: string;
            /**
             * Kind
             * @description What they share: the prompt, a long run of words, or many short ones.
             * @enum {string}
             */
            kind: "prompt" | "13-gram" | "8-gram";
            /**
             * Share
             * @description Share of the item's 8-grams that the row holds.
             */
            share: number;
            /**
             * Task
             * @description The task.
             */
            task: string;
            /** @description The row itself. */
            trace: components["schemas"]["ReasoningTrace"];
        };
        /**
         * RatingBody
         * @description What a person thinks of a trace or of one of its steps.
         */
        RatingBody: {
            /**
             * Comment
             * @description Why.
             */
            comment?: string | null;
            /**
             * Rater
             * @description Who rates; None: the one who asks.
             */
            rater?: string | null;
            /**
             * Rating
             * @description 1 (useless) to 5 (exemplary).
             */
            rating: number;
            /**
             * Step I
             * @description Number of the rated step; None: the trace as a whole.
             */
            step_i?: number | null;
        };
        /**
         * RatingRead
         * @description A person's rating.
         */
        RatingRead: {
            /**
             * Comment
             * @description Why.
             */
            comment: string | null;
            /**
             * Created At
             * Format: date-time
             * @description When this was last said.
             */
            created_at: string;
            /**
             * Rater
             * @description Who rated.
             */
            rater: string;
            /**
             * Rating
             * @description 1 (useless) to 5 (exemplary).
             */
            rating: number;
            /**
             * Step I
             * @description Number of the rated step; None: the trace as a whole.
             */
            step_i: number | null;
            /**
             * Trace Id
             * Format: uuid
             * @description The trace.
             */
            trace_id: string;
        };
        /**
         * Ready
         * @description The service can do its work.
         */
        Ready: {
            /**
             * Parts
             * @description What was looked at.
             */
            parts: components["schemas"]["Part"][];
            /**
             * Status
             * @description Always `ready`; if a part is not, the answer is a 503 whose `errors` are the parts.
             * @constant
             */
            status: "ready";
        };
        /**
         * ReasoningTrace
         * @description A prompt with the reasoning and the answer that followed, plus where it came from.
         */
        ReasoningTrace: {
            /**
             * Final Answer
             * @description The answer, 1 to 50,000 characters.
             */
            final_answer: string;
            /**
             * Meta
             * @description `id`, `source`, `license`, `domain`, `family`, `difficulty`, `answer_kind`, …
             */
            meta: {
                [key: string]: unknown;
            };
            /**
             * Prompt
             * @description What is asked, 1 to 50,000 characters, before any template.
             */
            prompt: string;
            /**
             * Steps
             * @description The reasoning, 1 to 1,000 trace steps in order.
             */
            steps: components["schemas"]["TraceStep"][];
            /**
             * Trace Version
             * @description Version of this format.
             * @default 1.0
             * @constant
             */
            trace_version: "1.0";
        };
        /**
         * Rechecked
         * @description What a recheck read.
         */
        Rechecked: {
            /**
             * Bytes
             * @description Size of the archive.
             */
            bytes: number;
            /**
             * Evaluations
             * @description Every evaluation in the archive.
             */
            evaluations: components["schemas"]["Rescored"][];
            /**
             * Files
             * @description Files in the archive; each has the bytes that were recorded.
             */
            files: number;
            /**
             * N
             * @description Items behind the score.
             */
            n: number;
            /**
             * Run
             * @description Run whose model is submitted.
             */
            run: string;
            /**
             * Score
             * @description Strict accuracy of the submitted model, from the samples.
             */
            score: number;
            /**
             * Submission
             * @description Id of the submission.
             */
            submission: string;
            /**
             * Writeup Words
             * @description Words of the write-up; None: the archive holds none.
             */
            writeup_words: number | null;
        };
        /**
         * Replay
         * @description How other rewards judge stored rollouts.
         */
        Replay: {
            /**
             * Completions
             * @description Completions in them.
             */
            completions: number;
            /**
             * Estimator
             * @description How the new advantages were made.
             * @enum {string}
             */
            estimator: "grpo" | "drgrpo" | "rloo";
            /** @description Share of completions that were pushed one way and would now be pushed the other, with its 95 % interval. */
            flipped: components["schemas"]["Interval"];
            /**
             * Groups
             * @description Groups that were scored again.
             */
            groups: number;
            /**
             * Largest
             * @description Completions whose advantage changes most.
             */
            largest: components["schemas"]["Change"][];
            /**
             * Mean Advantage Change
             * @description Mean absolute difference of the advantages.
             */
            mean_advantage_change: number;
            /**
             * Mean Reward
             * @description Mean reward before and after.
             */
            mean_reward: [
                number,
                number
            ];
            /**
             * Rewards
             * @description Digest of the new configuration.
             */
            rewards: string;
            /**
             * Signal
             * @description Share of groups whose rewards differ, before and after, with 95 % Wilson intervals.
             */
            signal: [
                components["schemas"]["Interval"],
                components["schemas"]["Interval"]
            ];
            /**
             * Signs
             * @description Completions by the sign of their advantage before and after: `+ to -`, `0 to +`, …
             */
            signs: {
                [key: string]: number;
            };
            /**
             * Terms
             * @description Every old and new term.
             */
            terms: {
                [key: string]: components["schemas"]["TermChange"];
            };
        };
        /**
         * ReplayBody
         * @description What a run's stored rollouts are scored again with, and which of them.
         */
        ReplayBody: {
            /**
             * First Step
             * @description First update whose groups are scored.
             * @default 1
             */
            first_step: number;
            /**
             * Last Step
             * @description Last one; None: all to the end.
             */
            last_step?: number | null;
            /** @description The other rewards, without a term of kind judge. */
            rewards: components["schemas"]["RewardsConfig"];
        };
        /**
         * Rescored
         * @description One evaluation, graded again.
         */
        Rescored: {
            /**
             * Evaluation
             * @description Its id.
             */
            evaluation: string;
            /**
             * Figures
             * @description Whether every verdict behind the figures was made again; the figures are added up from all of them always.
             */
            figures: boolean;
            /**
             * Items
             * @description Whether its task is here, and prompts and targets are those of the task.
             */
            items: boolean;
            /**
             * Regraded
             * @description Samples that were graded again, with the same verdict; a task with a scorer of its own has none.
             */
            regraded: number;
            /**
             * Samples
             * @description Samples that it holds.
             */
            samples: number;
        };
        /**
         * RewardTerm
         * @description One part of a reward.
         */
        RewardTerm: {
            /**
             * Kind
             * @description Which term.
             * @enum {string}
             */
            kind: "correctness" | "format" | "steps" | "follows" | "length" | "relevance" | "judge";
            /**
             * Options
             * @description Options of the term (`tunix-rt rewards list`).
             */
            options?: {
                [key: string]: components["schemas"]["JsonValue"];
            };
            /**
             * Weight
             * @description What its value is multiplied by; 0: it is measured and not paid.
             * @default 1
             */
            weight: number;
        };
        /**
         * RewardsConfig
         * @description What a completion earns: the sum of its terms, each with its weight.
         */
        RewardsConfig: {
            /**
             * Clip
             * @description Lowest and highest total; a total beyond is set to the end that it passed. None: no limits.
             */
            clip?: [
                number,
                number
            ] | null;
            /**
             * Kind
             * @description What this file configures.
             * @default rewards
             * @constant
             */
            kind: "rewards";
            /**
             * Terms
             * @description The terms, each kind at most once.
             * @default [
             *       {
             *         "kind": "correctness",
             *         "options": {},
             *         "weight": 1
             *       },
             *       {
             *         "kind": "format",
             *         "options": {},
             *         "weight": 0.2
             *       }
             *     ]
             */
            terms: components["schemas"]["RewardTerm"][];
        };
        /**
         * Rollout
         * @description One completion of a group, with what it earned.
         */
        Rollout: {
            /**
             * Advantage
             * @description What the estimator made of the rewards of the group.
             */
            advantage: number;
            /**
             * Faults
             * @description Why a term gave no value, by term; a term that only abstained is not here.
             */
            faults: {
                [key: string]: string;
            };
            /**
             * Finish
             * @description Why the completion ended: `stop` by the policy, or `length`, i.e. truncated.
             * @enum {string}
             */
            finish: "stop" | "length";
            /**
             * Reward
             * @description Weighted sum of the terms, as it was trained on.
             */
            reward: number;
            /**
             * Terms
             * @description Value of each reward term before its weight; None if it abstained or faulted.
             */
            terms: {
                [key: string]: number | null;
            };
            /**
             * Text
             * @description What the policy wrote, without end tokens.
             */
            text: string;
            /**
             * Tokens
             * @description Tokens generated, the end token included.
             */
            tokens: number;
        };
        /**
         * RolloutGroup
         * @description The completions of one prompt in one update.
         */
        RolloutGroup: {
            /**
             * Completions
             * @description The G completions, in the order in which they were drawn.
             */
            completions: components["schemas"]["Rollout"][];
            /**
             * Policy Step
             * @description Updates behind the policy that wrote the completions; 0 is the start policy.
             */
            policy_step: number;
            /**
             * Prompt
             * @description What was asked, before the prompt form.
             */
            prompt: string;
            /**
             * Step
             * @description Update that was trained on this group, from 1.
             */
            step: number;
            /** @description What the answers were graded against. */
            target: components["schemas"]["Target"];
            /**
             * Trace Id
             * @description Name of the training trace that asks the prompt.
             */
            trace_id: string;
        };
        /**
         * RowError
         * @description One row that cannot be used.
         */
        RowError: {
            /**
             * Field
             * @description Field or column at fault; `row` if it is the row as a whole, `file` if the rest of the file is lost.
             */
            field: string;
            /**
             * File
             * @description Name of the file, relative to the source that was given.
             */
            file: string;
            /**
             * Fix
             * @description What to do about it.
             */
            fix: string;
            /**
             * Found
             * @description What stood there, shortened to 160 characters.
             * @default
             */
            found: string;
            /**
             * Reason
             * @description What is wrong, without values of this row.
             */
            reason: string;
            /**
             * Row
             * @description Row number from 1. Lines for JSONL (blank ones count), elements for JSON, sheet rows (header = 1) for CSV.
             */
            row: number;
        };
        /**
         * RowPreview
         * @description A row as the model reads it.
         */
        RowPreview: {
            /**
             * Completion
             * @description Text that the model is trained to write.
             */
            completion: string;
            /**
             * Final Answer
             * @description The answer.
             */
            final_answer: string;
            /**
             * Id
             * @description `meta.id` of the row.
             */
            id: string;
            /**
             * Meta
             * @description Everything else that is known of it.
             */
            meta: {
                [key: string]: unknown;
            };
            /**
             * Prompt
             * @description Text that is given to the model, with the template.
             */
            prompt: string;
            /**
             * Row
             * @description Its number in the split, from 0.
             */
            row: number;
            /**
             * Split
             * @description Split that it is in.
             */
            split: string;
            /**
             * Steps
             * @description The trace steps.
             */
            steps: components["schemas"]["TraceStep"][];
        };
        /**
         * RunDetail
         * @description A run with all that is known of it.
         */
        RunDetail: {
            /**
             * Attempts
             * @description How often a process has worked on it.
             */
            attempts: number;
            /**
             * Completed At
             * @description When it ended.
             */
            completed_at: string | null;
            /**
             * Config
             * @description The resolved configuration.
             */
            config: {
                [key: string]: unknown;
            };
            /**
             * Created At
             * Format: date-time
             * @description When it was asked for.
             */
            created_at: string;
            /**
             * Dataset Key
             * @description Dataset.
             */
            dataset_key: string | null;
            /**
             * Device
             * @description Accelerator or processor that did the arithmetic.
             */
            device: string | null;
            /**
             * Duration Seconds
             * @description Length of the newest attempt.
             */
            duration_seconds: number | null;
            /**
             * Error
             * @description Why the newest attempt failed: `{stage, type, message}`.
             */
            error: {
                [key: string]: unknown;
            } | null;
            /**
             * Exit Code
             * @description Exit code of the command; None: it has not ended.
             */
            exit_code: number | null;
            /**
             * Git Commit
             * @description Commit of the code.
             */
            git_commit: string | null;
            /**
             * Inputs
             * @description What it was made from, by part.
             */
            inputs: {
                [key: string]: components["schemas"]["Upstream"];
            };
            /** @description The newest job that worked on it; None: it was not started here. */
            job: components["schemas"]["JobRow"] | null;
            /**
             * Kind
             * @description sft | grpo | session.
             */
            kind: string;
            /**
             * Links
             * @description Paths of what belongs to it.
             */
            links: {
                [key: string]: string;
            };
            /**
             * Message
             * @description What the status means, and what to do next.
             */
            message: string;
            /**
             * Mode
             * @description async | local | import | dry-run.
             */
            mode: string;
            /**
             * Model Id
             * @description Base model.
             */
            model_id: string;
            /**
             * Output Dir
             * @description Always empty: the files of a run are read by its artifacts.
             * @default
             */
            output_dir: string;
            /**
             * Outputs
             * @description What it made, by part.
             */
            outputs: {
                [key: string]: components["schemas"]["Upstream"];
            };
            /**
             * Problem
             * @description Why its folder cannot be read, so that this is what the index remembers; None: this is the folder's own word.
             */
            problem: string | null;
            /**
             * Results
             * @description The run's own last figures.
             */
            results: {
                [key: string]: unknown;
            };
            /**
             * Run Id
             * @description Id of the run; None: a plan makes none.
             */
            run_id: string | null;
            /**
             * Seed
             * @description Seed of the configuration.
             */
            seed: number;
            /**
             * Stage
             * @description What is being done, or was done last.
             */
            stage: string;
            /**
             * Started At
             * @description When it began.
             */
            started_at: string | null;
            /**
             * Status
             * @description Status of the run; of a plan `completed` or `failed`.
             */
            status: string;
            /**
             * Stderr
             * @description The last 10 KB of the log: what every attempt said, as `GET …/logs` tells it.
             */
            stderr: string;
            /**
             * Stdout
             * @description The result that the command printed; of a plan all that it printed as data, its last 10 KB.
             */
            stdout: string;
            /**
             * Timings
             * @description Seconds by phase.
             */
            timings: {
                [key: string]: number;
            };
        };
        /**
         * RunEvaluation
         * @description The newest evaluation of a run, in the words of the earlier system.
         */
        RunEvaluation: {
            /**
             * Detailed Metrics
             * @description The same with intervals.
             */
            detailed_metrics: components["schemas"]["NamedMetric"][];
            /**
             * Evaluated At
             * Format: date-time
             * @description When it ended.
             */
            evaluated_at: string;
            /**
             * Evaluation Id
             * @description Name of the evaluation.
             */
            evaluation_id: string;
            judge: components["schemas"]["Judge"];
            /**
             * Metrics
             * @description Metrics by name; one without a single item behind it is left out.
             */
            metrics: {
                [key: string]: number;
            };
            /**
             * Primary Score
             * @description Strict accuracy, 0 to 1; None: nothing is scored.
             */
            primary_score: number | null;
            /**
             * Run Id
             * @description The run.
             */
            run_id: string;
            /**
             * Score
             * @description Strict accuracy, 0 to 100; None: nothing is scored.
             */
            score: number | null;
            /**
             * Stale
             * @description Whether the run trained on since: these are figures of weights that are gone; measure it again.
             */
            stale: boolean;
            /**
             * Verdict
             * @description What was found, in a sentence.
             */
            verdict: string;
        };
        /**
         * RunRequest
         * @description What to train, on what, and how; what is left out has the engine's default.
         */
        RunRequest: {
            /**
             * Batch Size
             * @description Packed rows of one micro-batch.
             */
            batch_size?: number | null;
            /**
             * Config
             * @description Any other key of the configuration, nested or dotted: `{"lora": {"alpha": 16}}`, `{"lora.alpha": 16}`.
             */
            config?: {
                [key: string]: unknown;
            };
            /**
             * Dataset Key
             * @description Frozen dataset to train on; a session builds its own and takes none.
             */
            dataset_key?: string | null;
            /**
             * Device
             * @description Where to compute; `auto`: the fastest that the worker has. A plan asks this machine, a run that of its worker.
             * @default auto
             * @enum {string}
             */
            device: "auto" | "cpu" | "cuda";
            /**
             * Dry Run
             * @description Plan only, and start nothing.
             * @default true
             */
            dry_run: boolean;
            /**
             * Kind
             * @description One fine-tuning, one reinforcement learning, or a whole session with its measurements.
             * @default sft
             * @enum {string}
             */
            kind: "sft" | "grpo" | "session";
            /**
             * Learning Rate
             * @description Peak learning rate.
             */
            learning_rate?: number | null;
            /**
             * Lora Rank
             * @description Rank of the adapter.
             */
            lora_rank?: number | null;
            /**
             * Max Examples
             * @description Use at most so many training examples.
             */
            max_examples?: number | null;
            /**
             * Max Seq Length
             * @description Tokens of one packed row.
             */
            max_seq_length?: number | null;
            /**
             * Max Steps
             * @description Optimiser updates.
             */
            max_steps?: number | null;
            /**
             * Method
             * @description Train a low-rank adapter, or every weight.
             */
            method?: ("lora" | "full") | null;
            /**
             * Model Id
             * @description Base model, by its name in `tunix-rt models list`.
             * @enum {string}
             */
            model_id: "gemma3-270m" | "gemma3-1b-it" | "gemma2-2b-it" | "nano";
            /**
             * Num Epochs
             * @description Passes over the training split.
             */
            num_epochs?: number | null;
            /**
             * Output Dir
             * @description Kept for clients of the earlier system: only null, since every run has a folder of its own.
             */
            output_dir?: null;
            /**
             * Overlong
             * @description What becomes of traces that are longer than a row: the run is refused, or they are left out.
             */
            overlong?: ("refuse" | "drop") | null;
            /**
             * Priority
             * @description Place in the queue: higher goes first.
             * @default 0
             */
            priority: number;
            /**
             * Seed
             * @description Seed of everything that is drawn.
             */
            seed?: number | null;
            /**
             * Start
             * @description Run whose trained model reinforcement learning starts from, which has the same base model; None: the base.
             */
            start?: string | null;
            /**
             * Time Budget Minutes
             * @description Stop cleanly inside so many minutes.
             */
            time_budget_minutes?: number | null;
            /**
             * Weight Decay
             * @description Decoupled weight decay.
             */
            weight_decay?: number | null;
        };
        /**
         * RunRow
         * @description A run in a list.
         */
        RunRow: {
            /**
             * Attempts
             * @description How often a process has worked on it.
             */
            attempts: number;
            /**
             * Completed At
             * @description When its newest attempt ended.
             */
            completed_at: string | null;
            /**
             * Created At
             * Format: date-time
             * @description When it was asked for.
             */
            created_at: string;
            /**
             * Dataset Digest
             * @description Digest of that dataset's folder as the run found it; None: not begun, or trained on none.
             */
            dataset_digest: string | null;
            /**
             * Dataset Key
             * @description Dataset that it is trained on.
             */
            dataset_key: string | null;
            /**
             * Duration Seconds
             * @description Length of the newest attempt; time in the queue is not counted.
             */
            duration_seconds: number | null;
            /**
             * Kind
             * @description sft | grpo | session.
             */
            kind: string;
            /**
             * Metrics
             * @description The run's own last figures.
             */
            metrics: {
                [key: string]: unknown;
            };
            /**
             * Mode
             * @description async: started here; local: found as a folder; import: taken in from elsewhere.
             */
            mode: string;
            /**
             * Model Id
             * @description Base model.
             */
            model_id: string;
            /**
             * Run Id
             * @description Id of the run.
             */
            run_id: string;
            /**
             * Stage
             * @description What is being done, or was done last.
             */
            stage: string;
            /**
             * Started At
             * @description When its newest attempt began; None while it waits.
             */
            started_at: string | null;
            /**
             * Status
             * @description queued | preparing | running | completed | stopped | failed | cancelled | interrupted.
             */
            status: string;
        };
        /**
         * RunSamples
         * @description What a few validation prompts were answered while a run was trained.
         */
        RunSamples: {
            /**
             * Data
             * @description What the model answered at each measurement, in the order of its updates; none without `sample_prompts`.
             */
            data: components["schemas"]["StepSamples"][];
            pagination: components["schemas"]["Pagination"];
        };
        /**
         * RunStarted
         * @description A run that waits for a worker.
         */
        RunStarted: {
            /**
             * Job Id
             * Format: uuid
             * @description Job in the queue that will carry it out.
             */
            job_id: string;
            /**
             * Message
             * @description What happens now, and where to look.
             */
            message: string;
            /**
             * Run Id
             * @description Id of the run.
             */
            run_id: string;
            /**
             * Status
             * @description Status of the job: `queued`, or a later one if the same request came before.
             */
            status: string;
        };
        /**
         * RunState
         * @description How far a run is.
         */
        RunState: {
            /**
             * Attempts
             * @description How often a process has worked on it.
             */
            attempts: number;
            /**
             * Completed At
             * @description When its newest attempt ended.
             */
            completed_at: string | null;
            /**
             * Exit Code
             * @description Exit code of the command; None: it has not ended.
             */
            exit_code: number | null;
            /**
             * Queued At
             * @description When its newest job was put into the queue; None: it was not started here.
             */
            queued_at: string | null;
            /**
             * Run Id
             * @description Id of the run.
             */
            run_id: string;
            /**
             * Stage
             * @description What is being done, or was done last.
             */
            stage: string;
            /**
             * Started At
             * @description When its newest attempt began; None while it waits.
             */
            started_at: string | null;
            /**
             * Status
             * @description queued | preparing | running | completed | stopped | failed | cancelled | interrupted.
             */
            status: string;
        };
        /**
         * Sample
         * @description One evaluated completion, with everything needed to judge it again.
         */
        Sample: {
            /**
             * Answer
             * @description Answer in the place that the form gives it; None if there is none.
             */
            answer: string | null;
            /**
             * Checks
             * @description One arithmetic check for each trace step.
             */
            checks: components["schemas"]["StepCheck"][];
            /**
             * Completion
             * @description What the model wrote, unchanged.
             */
            completion: string;
            /**
             * Difficulty
             * @description Difficulty of the item, 1 to 5.
             */
            difficulty: number;
            /**
             * Domain
             * @description Domain of the item.
             */
            domain: string;
            /**
             * Family
             * @description Family of the item.
             */
            family: string;
            /**
             * Finish
             * @description Why the completion ended.
             * @enum {string}
             */
            finish: "stop" | "length";
            /**
             * Id
             * @description Id of the item.
             */
            id: string;
            /**
             * Index
             * @description Number of the completion among those of the same item, from 0.
             */
            index: number;
            /** @description Verdict on an answer found anywhere; value None if unscored. */
            lenient: components["schemas"]["Score"];
            /**
             * Prompt
             * @description What was asked, before the prompt form.
             */
            prompt: string;
            /**
             * Prompt Tokens
             * @description Tokens of the whole prompt.
             */
            prompt_tokens: number;
            /**
             * Steps
             * @description Trace steps read from the completion.
             */
            steps: string[];
            /** @description Verdict on the answer in its place; value None if unscored. */
            strict: components["schemas"]["Score"];
            /** @description The gold answer. */
            target: components["schemas"]["Target"];
            /**
             * Tokens
             * @description Tokens generated.
             */
            tokens: number;
            /**
             * Well Formed
             * @description Whether the completion is exactly in the form that the prompt asks for.
             */
            well_formed: boolean;
        };
        /**
         * SamplingConfig
         * @description How completions are drawn; the same values and seed give the same completions.
         */
        SamplingConfig: {
            /**
             * Max New Tokens
             * @description Upper limit of generated tokens for one completion.
             * @default 256
             */
            max_new_tokens: number;
            /**
             * Seed
             * @description Seed of the draws; without effect when greedy.
             * @default 0
             */
            seed: number;
            /**
             * Stop
             * @description Texts that end a completion, beside the end tokens; the stop text itself is not part of the completion.
             */
            stop: string[];
            /**
             * Temperature
             * @description 0 is greedy; above 0 the distribution is divided by it before drawing.
             * @default 0
             */
            temperature: number;
            /**
             * Top P
             * @description Smallest probability mass that is kept for drawing; 1 keeps everything.
             * @default 1
             */
            top_p: number;
        };
        /**
         * Score
         * @description A grader's verdict on one answer, explained in one sentence.
         */
        Score: {
            /**
             * Answer
             * @description The answer as it was found; None if there was none.
             */
            answer: string | null;
            /**
             * Explanation
             * @description One sentence for people.
             */
            explanation: string;
            /**
             * Value
             * @description 1.0 right, 0.0 not right; None if unscored, with the reason in the explanation.
             */
            value: number | null;
            /**
             * Verdict
             * @description None only where nothing can be verified (`open`).
             */
            verdict: ("equal" | "unequal" | "parse_fail" | "timeout") | null;
        };
        /**
         * ScoreBody
         * @description What to judge a trace by.
         */
        ScoreBody: {
            /**
             * Criteria
             * @description `structure`: form of the reasoning; `arithmetic`: each equation computed again; `answer`: whether the last step
             *     arrives at the answer; `baseline`: earlier name of `structure`.
             * @enum {string}
             */
            criteria: "structure" | "arithmetic" | "answer" | "baseline";
        };
        /**
         * ScoreRead
         * @description A grader's verdict on a trace.
         */
        ScoreRead: {
            /**
             * Created At
             * Format: date-time
             * @description When it was judged.
             */
            created_at: string;
            /**
             * Criteria
             * @description What it was judged by.
             * @enum {string}
             */
            criteria: "structure" | "arithmetic" | "answer";
            /**
             * Details
             * @description What the score is made of.
             */
            details: {
                [key: string]: unknown;
            };
            /**
             * Id
             * Format: uuid
             * @description Name of the verdict.
             */
            id: string;
            /**
             * Score
             * @description 0 to 100; None: not scored, and `details.reason` says why.
             */
            score: number | null;
            /**
             * Trace Id
             * Format: uuid
             * @description The trace.
             */
            trace_id: string;
        };
        /**
         * Scorecard
         * @description How many items stand behind a score.
         */
        Scorecard: {
            /**
             * N Items
             * @description Items that were asked; None as in `items`.
             */
            n_items: number | null;
            /**
             * N Scored
             * @description Items with a score.
             */
            n_scored: number;
            /**
             * N Skipped
             * @description Items without one; None as in `items`.
             */
            n_skipped: number | null;
            /**
             * Primary Score
             * @description The score that the board is ordered by, 0 to 1.
             */
            primary_score: number | null;
        };
        /**
         * SelectedRow
         * @description A chosen trace as the model reads it.
         */
        SelectedRow: {
            /**
             * Completion
             * @description Text that the model is trained to write.
             */
            completion: string;
            /**
             * Prompt
             * @description Text that is given to the model, with the template; empty if it cannot be rendered.
             */
            prompt: string;
            /**
             * Reason
             * @description Why it cannot be trained on; None: it can be rendered.
             */
            reason: string | null;
            /**
             * Trace Id
             * Format: uuid
             * @description The trace.
             */
            trace_id: string;
        };
        /**
         * SessionBody
         * @description A token to begin a cookie session with.
         */
        SessionBody: {
            /**
             * Token
             * @description The token's text.
             */
            token: string;
        };
        /**
         * SessionRow
         * @description Who asks.
         */
        SessionRow: {
            /**
             * Csrf Token
             * @description What a cookie's owner sends as X-CSRF-Token with each change; None without a cookie.
             */
            csrf_token: string | null;
            /**
             * Expires At
             * @description When the session or the token ends; None: never.
             */
            expires_at: string | null;
            /**
             * Name
             * @description Name of the token; `local`: whoever sits at this machine, without one.
             */
            name: string;
            /**
             * Scope
             * @description What they may do.
             * @enum {string}
             */
            scope: "read" | "write" | "admin";
            /**
             * Via
             * @description How they showed it.
             * @enum {string}
             */
            via: "local" | "token" | "cookie";
        };
        /**
         * SftExport
         * @description What to export: a dataset, or traces by their ids.
         */
        SftExport: {
            /**
             * Dataset Key
             * @description Key of a dataset.
             */
            dataset_key?: string | null;
            /**
             * Limit
             * @description Most rows; the first ones are exported.
             * @default 100
             */
            limit: number;
            /**
             * Trace Ids
             * @description Ids of traces, in the order wanted.
             */
            trace_ids?: string[] | null;
        } & ({
            dataset_key: unknown;
            trace_ids?: null;
        } | {
            dataset_key?: null;
            trace_ids: unknown;
        });
        /**
         * SftManifest
         * @description What to train, as the earlier system asked for it.
         */
        SftManifest: {
            /**
             * Batch Size
             * @description Packed rows of one update.
             * @default 8
             */
            batch_size: number;
            /**
             * Dataset Key
             * @description Key of a dataset that is here.
             */
            dataset_key: string;
            /**
             * Device
             * @description What the command asks JAX for; `auto` leaves it to JAX.
             * @default auto
             * @enum {string}
             */
            device: "cpu" | "cuda" | "auto";
            /**
             * Learning Rate
             * @description Peak learning rate.
             * @default 0.00002
             */
            learning_rate: number;
            /**
             * Max Seq Length
             * @description Tokens of one packed row.
             * @default 2048
             */
            max_seq_length: number;
            /**
             * Model Id
             * @description Base model.
             * @enum {string}
             */
            model_id: "gemma3-270m" | "gemma3-1b-it" | "gemma2-2b-it" | "nano";
            /**
             * Num Epochs
             * @description Passes over the training split.
             * @default 3
             */
            num_epochs: number;
            /**
             * Output Dir
             * @description Id of the run, which is the name of its folder under `runs/`; never a path.
             */
            output_dir?: string | null;
            /**
             * Weight Decay
             * @description Decoupled weight decay.
             * @default 0.01
             */
            weight_decay: number;
        };
        /**
         * SftManifestMade
         * @description A configuration that `tunix-rt train sft` runs.
         */
        SftManifestMade: {
            /**
             * Dataset Key
             * @description Key of the dataset.
             */
            dataset_key: string;
            /**
             * Format
             * @description Format of the rows.
             * @constant
             */
            format: "tunix_sft";
            /**
             * Manifest Yaml
             * @description The file; its first line is the command that runs it.
             */
            manifest_yaml: string;
            /**
             * Message
             * @description What to do with it.
             */
            message: string;
            /**
             * Model Id
             * @description Base model.
             */
            model_id: string;
        };
        /**
         * SourceRecord
         * @description One file or task that rows came from.
         */
        SourceRecord: {
            /**
             * Digest
             * @description Digest of the bytes of the file, or of the content of the task.
             */
            digest: string;
            /**
             * Imported
             * @description Rows that became traces.
             * @default 0
             */
            imported: number;
            /**
             * Kind
             * @description Where the rows came from.
             * @enum {string}
             */
            kind: "file" | "task";
            /**
             * Name
             * @description Name of the file without the folders above its source, or of the task.
             */
            name: string;
            /**
             * Rejected
             * @description Rows with an error.
             * @default 0
             */
            rejected: number;
            /**
             * Rows
             * @description Rows that were read.
             * @default 0
             */
            rows: number;
            /**
             * Schema Name
             * @description Schema that was read; None if none was recognised.
             */
            schema_name: string | null;
        };
        /**
         * Statistics
         * @description Sizes of the kept rows.
         */
        Statistics: {
            /** @description Characters of the answer. */
            answer_chars: components["schemas"]["Quantiles"];
            /** @description Characters of the prompt, without the template. */
            prompt_chars: components["schemas"]["Quantiles"];
            /** @description Characters of all trace steps of a row together. */
            reasoning_chars: components["schemas"]["Quantiles"];
            /** @description Trace steps. */
            steps: components["schemas"]["Quantiles"];
            /** @description Tokens of the rendered text, if a tokenizer counted them. */
            tokens: components["schemas"]["Quantiles"] | null;
        };
        /**
         * StepBody
         * @description One trace step.
         */
        StepBody: {
            /**
             * Content
             * @description What it says; white space around it is stripped.
             */
            content: string;
            /**
             * I
             * @description Number of the step, unique in its trace.
             */
            i: number;
            /**
             * Type
             * @description Kind of step, for people.
             * @default step
             */
            type: string;
        };
        /**
         * StepChange
         * @description What became of one step.
         */
        StepChange: {
            /**
             * Base I
             * @description Number of the step in the base; None if it was added.
             */
            base_i: number | null;
            /**
             * Change
             * @description `added`: only in the other trace; `removed`: only in the base.
             * @enum {string}
             */
            change: "same" | "changed" | "added" | "removed";
            /**
             * Other I
             * @description Number of the step in the other trace; None if it was removed.
             */
            other_i: number | null;
        };
        /**
         * StepCheck
         * @description What the arithmetic of one trace step is worth.
         */
        StepCheck: {
            /**
             * Expected
             * @description Its exact value.
             */
            expected: string | null;
            /**
             * Found
             * @description The value written in the first wrong equation, else in the last right one.
             */
            found: string | null;
            /**
             * I
             * @description Number of the trace step.
             */
            i: number;
            /**
             * Verdict
             * @description `wrong` if any equation is wrong, `right` if there are only right ones, `none` if no equation can be judged.
             * @enum {string}
             */
            verdict: "right" | "wrong" | "none";
        };
        /**
         * StepSamples
         * @description The same prompts as ever, answered after one more stretch of training.
         */
        StepSamples: {
            /**
             * Samples
             * @description One a prompt, in the order of the validation split.
             */
            samples: components["schemas"]["TrainingSample"][];
            /**
             * Step
             * @description Updates behind the model; 0 is the start.
             */
            step: number;
        };
        /**
         * SubmissionBody
         * @description A request to bundle a run.
         */
        SubmissionBody: {
            /**
             * Run Id
             * @description A run that ended, with trained weights and at least one evaluation.
             */
            run_id: string;
            /**
             * With Rows
             * @description Put the rows of its dataset into the bundle, beside the dataset's manifest.
             * @default false
             */
            with_rows: boolean;
        };
        /**
         * SubmissionManifest
         * @description What a submission folder says about itself; from here one walks back, digest by digest, to the traces.
         */
        SubmissionManifest: {
            /**
             * Base Model
             * @description Digest of the base model's files; None if the run names none.
             */
            base_model: string | null;
            /**
             * Bundle Digest
             * @description Digest of bundle.zip.
             */
            bundle_digest: string;
            /**
             * Bytes
             * @description Size of the bundle.
             */
            bytes: number;
            /**
             * Created
             * @description When it was bundled, UTC.
             */
            created: string;
            /**
             * Dataset
             * @description Digest of the dataset's files; None if the run names none.
             */
            dataset: string | null;
            /**
             * Digest
             * @description Digest of the content: what it names by digest and holds, not its time and machine.
             */
            digest: string;
            /**
             * Evaluations
             * @description Digest of every evaluation in the bundle by its id: the run's own, and those of its base.
             */
            evaluations: {
                [key: string]: string;
            };
            /**
             * Files
             * @description Digest of every file in the bundle by its path there.
             */
            files: {
                [key: string]: string;
            };
            /**
             * Id
             * @description Name of the folder.
             */
            id: string;
            /**
             * Manifest Version
             * @description Version of this format.
             * @default 1.0
             * @constant
             */
            manifest_version: "1.0";
            /** @description Code, packages and machine that bundled it. */
            provenance: components["schemas"]["Provenance"];
            /**
             * Run
             * @description Run whose model is submitted.
             */
            run: string;
            /**
             * Run Digest
             * @description Digest of the run's manifest.
             */
            run_digest: string;
            /**
             * With Rows
             * @description Whether the rows of the dataset are in the bundle, beside its manifest.
             */
            with_rows: boolean;
        };
        /**
         * SubmissionPapers
         * @description What a submission says to its readers, in Markdown, made from the run's own figures.
         */
        SubmissionPapers: {
            /**
             * Checklist
             * @description What is done and what is left to do; None: the bundle holds none.
             */
            checklist: string | null;
            /**
             * Video
             * @description Script and shots of the video; None: the bundle holds none.
             */
            video: string | null;
            /**
             * Writeup
             * @description The write-up; None: the bundle holds none.
             */
            writeup: string | null;
        };
        /**
         * SubmissionPlan
         * @description Whether a session fits into what Kaggle gives.
         */
        SubmissionPlan: {
            /**
             * Fits
             * @description Whether it stays within every limit.
             */
            fits: boolean;
            /** @description What it takes of each limit, and what to change. */
            forecast: components["schemas"]["Forecast"];
        };
        /**
         * SubmissionPlanBody
         * @description A session that is to run on Kaggle.
         */
        SubmissionPlanBody: {
            /**
             * Hours Left
             * @description TPU hours that are left of this week.
             * @default 20
             */
            hours_left: number;
            /** @description The session, as POST /api/tunix/run takes it with kind session; `dry_run` means nothing here. */
            session: components["schemas"]["RunRequest"];
        };
        /**
         * SubmissionQueued
         * @description A submission that waits to be made.
         */
        SubmissionQueued: {
            /**
             * Job Id
             * Format: uuid
             * @description Job in the queue; once it is completed, its `result` is the manifest of the submission.
             */
            job_id: string;
            /**
             * Run Id
             * @description Run that is bundled.
             */
            run_id: string;
            /**
             * Status
             * @description Status of the job: `queued`, or a later one if the same request came before.
             */
            status: string;
        };
        /**
         * SubmissionSummary
         * @description A submission in a list.
         */
        SubmissionSummary: {
            /**
             * Bytes
             * @description Size of the folder.
             */
            bytes: number;
            /**
             * Created At
             * Format: date-time
             * @description When it was bundled.
             */
            created_at: string;
            /**
             * Digest
             * @description Digest of the content.
             */
            digest: string;
            /**
             * Evaluations
             * @description Evaluations in the bundle; None: the row was kept by another version, `tunix-rt index` makes it again.
             */
            evaluations: number | null;
            /**
             * Run Id
             * @description Run whose model is submitted.
             */
            run_id: string;
            /**
             * Submission Id
             * @description Name of the submission and of its folder.
             */
            submission_id: string;
        };
        /**
         * TagBody
         * @description Which traces are tagged, and with what.
         */
        TagBody: {
            /**
             * Add
             * @description Tags to put on.
             */
            add?: string[];
            /**
             * Remove
             * @description Tags to take off, before others are put on.
             */
            remove?: string[];
            /**
             * Trace Ids
             * @description The traces; one that is gone is passed over.
             */
            trace_ids: string[];
        };
        /**
         * Target
         * @description The right answer of an item and how to read it.
         */
        Target: {
            /**
             * Aliases
             * @description Further right answers, read like `value`.
             * @default []
             */
            aliases: string[];
            /**
             * Choices
             * @description Texts of the choices, labelled A, B, C, … in this order; only for `choice`.
             * @default []
             */
            choices: string[];
            /**
             * Kind
             * @description How the answer is read and compared.
             * @enum {string}
             */
            kind: "number" | "text" | "choice" | "date" | "time" | "list" | "set" | "latex" | "python" | "open";
            /**
             * Tolerance
             * @description Largest accepted absolute difference of a number, in the unit of the target; None means exact.
             */
            tolerance: number | null;
            /**
             * Unit
             * @description Unit of a number (`km`, `$`, `%`, `apples`); `ratio` says that 50% and 0.5 are the same answer.
             */
            unit: string | null;
            /**
             * Value
             * @description The right answer; for `choice` its label (`B`) or its full text; empty only for `open`.
             */
            value: string;
        };
        /**
         * TaskOverlap
         * @description How much of a dataset repeats one evaluation task.
         */
        TaskOverlap: {
            /**
             * Digest
             * @description Digest of the task.
             */
            digest: string;
            /**
             * Examples
             * @description The first five matches.
             */
            examples: components["schemas"]["OverlapExample"][];
            /**
             * Items
             * @description Items of the task.
             */
            items: number;
            /**
             * Items Matched
             * @description Items that at least one row repeats.
             */
            items_matched: number;
            /**
             * Long Run
             * @description Rows that share 13 words in a row.
             */
            long_run: number;
            /**
             * Rows
             * @description Rows that repeat an item; the sum of the next three.
             */
            rows: number;
            /**
             * Rows Compared
             * @description Rows that were compared with them.
             */
            rows_compared: number;
            /**
             * Same Prompt
             * @description Rows with the very prompt.
             */
            same_prompt: number;
            /**
             * Short Runs
             * @description Rows that share half of the runs of 8 words.
             */
            short_runs: number;
            /**
             * Task
             * @description Name of the task.
             */
            task: string;
        };
        /**
         * TaskRef
         * @description Which items were asked, down to their digest.
         */
        TaskRef: {
            /**
             * Digest
             * @description Digest of the items.
             */
            digest: string;
            /**
             * Items
             * @description How many items were asked.
             */
            items: number;
            /**
             * Name
             * @description Name of the task.
             */
            name: string;
            /**
             * Split
             * @description Split of the task.
             */
            split: string;
            /**
             * Version
             * @description Version of the task.
             */
            version: string;
        };
        /**
         * TaskSummary
         * @description A task that models are measured on.
         */
        TaskSummary: {
            /**
             * Digest
             * @description Digest of its items.
             */
            digest: string | null;
            /**
             * Items
             * @description How many items it holds.
             */
            items: number | null;
            /**
             * License
             * @description Licence of its items.
             */
            license: string | null;
            /**
             * Name
             * @description Name, as requests give it.
             */
            name: string;
            /**
             * Problem
             * @description Why it cannot be read now; None: it can.
             */
            problem: string | null;
            /**
             * Source
             * @description Where its items come from.
             */
            source: string | null;
            /**
             * Split
             * @description Split.
             */
            split: string | null;
            /**
             * Version
             * @description Version; None: it cannot be read now.
             */
            version: string | null;
        };
        /**
         * TermChange
         * @description One term before and after.
         */
        TermChange: {
            /**
             * Abstained
             * @description Completions of which it says nothing now.
             */
            abstained: number;
            /**
             * After
             * @description Mean of its new values; None if there is none.
             */
            after: number | null;
            /**
             * Before
             * @description Mean of its stored values; None if there is none.
             */
            before: number | null;
            /**
             * Faults
             * @description Completions on which it breaks now.
             */
            faults: number;
        };
        /**
         * Timings
         * @description How long the evaluation took; never part of a digest.
         */
        Timings: {
            /**
             * Generate Seconds
             * @description Wall-clock time of the sampler.
             */
            generate_seconds: number;
            /**
             * Generated Tokens
             * @description Tokens generated in all.
             */
            generated_tokens: number;
            /**
             * Grade Seconds
             * @description Wall-clock time of grading.
             */
            grade_seconds: number;
            /**
             * Tokens Per Second
             * @description Generated tokens per second of generation.
             */
            tokens_per_second: number;
        };
        /**
         * TokenBody
         * @description A token to make.
         */
        TokenBody: {
            /**
             * Expires Days
             * @description Days until it ends; None: it stays until it is revoked.
             */
            expires_days?: number | null;
            /**
             * Name
             * @description What the audit log calls whoever uses it.
             */
            name: string;
            /**
             * Scope
             * @description What it may do; each scope includes the ones before it.
             * @default read
             * @enum {string}
             */
            scope: "read" | "write" | "admin";
        };
        /**
         * TokenMade
         * @description A token with its secret: the only time that it is seen.
         */
        TokenMade: {
            /**
             * Created At
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Expires At
             * @description When it ends; None: it stays until it is revoked.
             */
            expires_at: string | null;
            /**
             * Last Used At
             * @description When it was last used, to the minute; None: never.
             */
            last_used_at: string | null;
            /**
             * Name
             * @description What the audit log calls whoever uses it.
             */
            name: string;
            /**
             * Revoked At
             * @description When it was revoked; None: it was not.
             */
            revoked_at: string | null;
            /**
             * Scope
             * @description What it may do.
             * @enum {string}
             */
            scope: "read" | "write" | "admin";
            /**
             * Token
             * @description The text to send as `Authorization: Bearer …`.
             */
            token: string;
        };
        /**
         * TokenRow
         * @description A token, without its secret, which nobody has but its owner.
         */
        TokenRow: {
            /**
             * Created At
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Expires At
             * @description When it ends; None: it stays until it is revoked.
             */
            expires_at: string | null;
            /**
             * Last Used At
             * @description When it was last used, to the minute; None: never.
             */
            last_used_at: string | null;
            /**
             * Name
             * @description What the audit log calls whoever uses it.
             */
            name: string;
            /**
             * Revoked At
             * @description When it was revoked; None: it was not.
             */
            revoked_at: string | null;
            /**
             * Scope
             * @description What it may do.
             * @enum {string}
             */
            scope: "read" | "write" | "admin";
        };
        /**
         * TokenView
         * @description One token for people.
         */
        TokenView: {
            /**
             * Id
             * @description Its number in the vocabulary.
             */
            id: number;
            /**
             * Role
             * @description Given to the model, trained, or neither: begin of text.
             * @enum {string}
             */
            role: "prompt" | "trained" | "ignored";
            /**
             * Text
             * @description What it stands for.
             */
            text: string;
            /**
             * Trained
             * @description Whether the loss asks for it.
             */
            trained: boolean;
        };
        /**
         * TraceBody
         * @description A trace to be kept.
         */
        TraceBody: {
            /**
             * Final Answer
             * @description The answer; white space around it is stripped.
             */
            final_answer: string;
            /**
             * Meta
             * @description `id`, `source`, `license`, `domain`, `family`, `difficulty`, …
             */
            meta?: {
                [key: string]: unknown;
            } | null;
            /**
             * Prompt
             * @description What is asked.
             */
            prompt: string;
            /**
             * Steps
             * @description The reasoning, in order.
             */
            steps: components["schemas"]["StepBody"][];
            /**
             * Trace Version
             * @description Version of the trace format.
             * @default 1.0
             * @constant
             */
            trace_version: "1.0";
        };
        /**
         * TraceCreated
         * @description A trace that is kept now.
         */
        TraceCreated: {
            /**
             * Created At
             * Format: date-time
             * @description When it came in.
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             * @description Its name from now on.
             */
            id: string;
            /**
             * Trace Version
             * @description Version of the trace format.
             */
            trace_version: string;
        };
        /**
         * TraceDifference
         * @description How two traces differ.
         */
        TraceDifference: {
            /**
             * Same Answer
             * @description Whether their final answers are the same text.
             */
            same_answer: boolean;
            /**
             * Same Prompt
             * @description Whether they answer the same prompt.
             */
            same_prompt: boolean;
            /**
             * Steps
             * @description Every step of both, in reading order.
             */
            steps: components["schemas"]["StepChange"][];
        };
        /**
         * TraceListed
         * @description A trace in a list; its steps and meta are in the trace itself.
         */
        TraceListed: {
            /**
             * Created At
             * Format: date-time
             * @description When it came in.
             */
            created_at: string;
            /**
             * Difficulty
             * @description How hard it is.
             */
            difficulty: string | null;
            /**
             * Domain
             * @description Field of knowledge.
             */
            domain: string | null;
            /**
             * Family
             * @description Kind of problem.
             */
            family: string | null;
            /**
             * Final Answer
             * @description The first 300 characters of the answer.
             */
            final_answer: string;
            /**
             * Id
             * Format: uuid
             * @description Name of the trace.
             */
            id: string;
            /**
             * License
             * @description Licence of the text.
             */
            license: string | null;
            /**
             * Prompt
             * @description The first 300 characters of what is asked.
             */
            prompt: string;
            /**
             * Source
             * @description `meta.source`, as the next four are theirs, cut to the width that filters compare.
             */
            source: string | null;
            /**
             * Tags
             * @description What people put on it, in alphabetical order.
             */
            tags: string[];
            /**
             * Trace Version
             * @description Version of the trace format.
             */
            trace_version: string;
            /**
             * Upload Id
             * @description Upload that it came with; None: it was sent alone or in a batch.
             */
            upload_id: string | null;
        };
        /**
         * TraceRead
         * @description A whole trace.
         */
        TraceRead: {
            /**
             * Created At
             * Format: date-time
             * @description When it came in.
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             * @description Name of the trace.
             */
            id: string;
            /** @description The trace. */
            payload: components["schemas"]["ReasoningTrace"];
            /**
             * Trace Version
             * @description Version of the trace format.
             */
            trace_version: string;
        };
        /**
         * TraceScored
         * @description A whole trace with its structural score.
         */
        TraceScored: {
            /**
             * Created At
             * Format: date-time
             * @description When it came in.
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             * @description Name of the trace.
             */
            id: string;
            /** @description The trace. */
            payload: components["schemas"]["ReasoningTrace"];
            /**
             * Score
             * @description Structural score, 0 to 100; it is not kept.
             */
            score: number;
            /**
             * Trace Version
             * @description Version of the trace format.
             */
            trace_version: string;
        };
        /**
         * TraceSelection
         * @description Which traces are chosen; all conditions must hold.
         */
        TraceSelection: {
            /**
             * Facets
             * @description Values of the columns that the list of traces filters by; a number is the same as its digits.
             */
            facets?: {
                [key: string]: string;
            };
            /**
             * Filters
             * @description Values that `meta` must have, of the same type.
             */
            filters?: {
                [key: string]: string | boolean | number;
            };
            /**
             * Limit
             * @description Most traces that are selected; `all` has no limit.
             * @default 100
             */
            limit: number;
            /**
             * Q
             * @description Only traces that a full-text search finds.
             */
            q?: string | null;
            /**
             * Seed
             * @description Draws a random selection, the splits and what `max_examples` keeps; None: 0, and no random selection.
             */
            seed?: number | null;
            /**
             * Selection Strategy
             * @description The newest first, in an order that `seed` draws, or every one.
             * @default latest
             * @enum {string}
             */
            selection_strategy: "latest" | "random" | "all";
            /**
             * Tag
             * @description Only traces with this tag.
             */
            tag?: string | null;
            /**
             * Upload Id
             * @description Only traces that came with this upload.
             */
            upload_id?: string | null;
        };
        /**
         * TraceStep
         * @description One numbered piece of reasoning (never called plain "step": that word is an optimiser update).
         */
        TraceStep: {
            /**
             * Content
             * @description What the step says, 1 to 20,000 characters.
             */
            content: string;
            /**
             * I
             * @description Number of the trace step; unique in its trace.
             */
            i: number;
            /**
             * Type
             * @description Kind of step, for people: `step`, `compute`, `check`, …; it is not part of the rendered text.
             * @default step
             */
            type: string;
        };
        /**
         * TraceTokens
         * @description A trace as the tokens that a base model reads.
         */
        TraceTokens: {
            /**
             * Given
             * @description The first so many are given to the model, begin of text included; it is trained to write the others.
             */
            given: number;
            /**
             * Max Length
             * @description Tokens of a row, if a run does not ask for others; a longer trace is refused or left out, and never cut.
             */
            max_length: number;
            /**
             * Model Id
             * @description The base model.
             */
            model_id: string;
            /**
             * Texts
             * @description What each token stands for, in order.
             */
            texts: string[];
        };
        /**
         * TracesCompared
         * @description Two traces side by side.
         */
        TracesCompared: {
            /** @description The one that is compared with. */
            base: components["schemas"]["TraceScored"];
            /** @description How they differ, step by step. */
            difference: components["schemas"]["TraceDifference"];
            /** @description The one that is compared. */
            other: components["schemas"]["TraceScored"];
        };
        /**
         * TracesDeleted
         * @description Traces that are gone.
         */
        TracesDeleted: {
            /**
             * Deleted Count
             * @description How many.
             */
            deleted_count: number;
        };
        /**
         * TracesSelected
         * @description What a selection finds; a build may still leave rows out: duplicates, bad ones, those of evaluation tasks.
         */
        TracesSelected: {
            /**
             * Matching
             * @description Traces that hold all conditions.
             */
            matching: number;
            /**
             * Reason
             * @description Why there is none.
             */
            reason: string | null;
            /**
             * Rows
             * @description The first of them.
             */
            rows: components["schemas"]["SelectedRow"][];
            /**
             * Selected
             * @description How many of them the strategy takes.
             */
            selected: number;
        };
        /**
         * TracesTagged
         * @description What became of it.
         */
        TracesTagged: {
            /**
             * Changed
             * @description Tags that were put on or taken off; those that were so already are not counted.
             */
            changed: number;
            /**
             * Matching
             * @description Traces that are here.
             */
            matching: number;
        };
        /**
         * TrainingForm
         * @description What can be set of one kind of training, from the engine's own configuration.
         */
        TrainingForm: {
            /**
             * Advanced
             * @description Dotted keys that some set; all the others have seldom to be touched.
             */
            advanced: string[];
            /**
             * Basic
             * @description Dotted keys that most people set, in order.
             */
            basic: string[];
            /**
             * Defaults
             * @description Every key with what is taken where none is named.
             */
            defaults: {
                [key: string]: unknown;
            };
            /**
             * Elsewhere
             * @description Keys that a request names by fields of its own, or may not name.
             */
            elsewhere: string[];
            /**
             * Json Schema
             * @description JSON Schema of its configuration; each key has its meaning and its limits there.
             */
            json_schema: {
                [key: string]: unknown;
            };
        };
        /**
         * TrainingForms
         * @description What a training is asked for with.
         */
        TrainingForms: {
            /**
             * Base Models
             * @description Base models.
             */
            base_models: components["schemas"]["BaseModelRow"][];
            /**
             * Kinds
             * @description The kinds of training.
             */
            kinds: {
                [key: string]: components["schemas"]["TrainingForm"];
            };
        };
        /**
         * TrainingSample
         * @description One validation prompt with the answer that the model gave to it.
         */
        TrainingSample: {
            /**
             * Finish
             * @description Why it ended: `stop` by the model, or `length`.
             * @enum {string}
             */
            finish: "stop" | "length";
            /**
             * Prompt
             * @description What was asked, before the prompt form.
             */
            prompt: string;
            /** @description Strict verdict on the answer in its place. */
            score: components["schemas"]["Score"];
            /** @description What the answer is graded against. */
            target: components["schemas"]["Target"];
            /**
             * Text
             * @description What the model wrote, without end tokens.
             */
            text: string;
            /**
             * Tokens
             * @description Tokens generated, the end token included.
             */
            tokens: number;
            /**
             * Trace Id
             * @description Name of the trace that asks the prompt.
             */
            trace_id: string;
        };
        /**
         * TunixStatus
         * @description Whether Tunix is installed on this machine.
         */
        TunixStatus: {
            /**
             * Available
             * @description Whether it is.
             */
            available: boolean;
            /**
             * Message
             * @description The same in a sentence.
             */
            message: string;
            /**
             * Runtime Required
             * @description Whether exports need it: never.
             */
            runtime_required: boolean;
            /**
             * Version
             * @description Its version; None: not installed.
             */
            version: string | null;
        };
        /**
         * UploadDetail
         * @description One upload with its errors.
         */
        UploadDetail: {
            /**
             * Actor
             * @description Who sent it.
             */
            actor: string;
            /**
             * Bytes
             * @description Bytes received.
             */
            bytes: number;
            /**
             * Completed At
             * @description When its last trace was inserted.
             */
            completed_at: string | null;
            /**
             * Created At
             * Format: date-time
             * @description When it began.
             */
            created_at: string;
            /**
             * Detail
             * @description Why it failed.
             */
            detail: string | null;
            /**
             * Digest
             * @description Digest of the bytes as sent; None while they arrive.
             */
            digest: string | null;
            /**
             * Errors
             * @description The first 100 rows that cannot be used.
             */
            errors: components["schemas"]["RowError"][];
            /**
             * Idempotency Key
             * @description Key that the client gave; None: the content identifies the upload.
             */
            idempotency_key: string | null;
            /**
             * Reasons
             * @description How many rows cannot be used, by reason.
             */
            reasons: {
                [key: string]: number;
            };
            /**
             * Rows Inserted
             * @description Traces in the database.
             */
            rows_inserted: number;
            /**
             * Rows Read
             * @description Rows read so far.
             */
            rows_read: number;
            /**
             * Rows Rejected
             * @description Of these, rows that cannot be used.
             */
            rows_rejected: number;
            /**
             * Schema Name
             * @description Schema that was read; `mapping` if one was given; None: not known yet.
             */
            schema_name: string | null;
            /**
             * Settings
             * @description How it was to be read.
             */
            settings: {
                [key: string]: unknown;
            };
            /**
             * Source Name
             * @description Where the traces come from.
             */
            source_name: string;
            /**
             * Status
             * @description How far it is; only the traces of a completed upload are acknowledged.
             * @enum {string}
             */
            status: "receiving" | "reading" | "inserting" | "completed" | "failed" | "deleting" | "interrupted";
            /**
             * Upload Id
             * Format: uuid
             * @description Its id.
             */
            upload_id: string;
        };
        /**
         * UploadListed
         * @description One upload, and how far it is.
         */
        UploadListed: {
            /**
             * Actor
             * @description Who sent it.
             */
            actor: string;
            /**
             * Bytes
             * @description Bytes received.
             */
            bytes: number;
            /**
             * Completed At
             * @description When its last trace was inserted.
             */
            completed_at: string | null;
            /**
             * Created At
             * Format: date-time
             * @description When it began.
             */
            created_at: string;
            /**
             * Detail
             * @description Why it failed.
             */
            detail: string | null;
            /**
             * Digest
             * @description Digest of the bytes as sent; None while they arrive.
             */
            digest: string | null;
            /**
             * Idempotency Key
             * @description Key that the client gave; None: the content identifies the upload.
             */
            idempotency_key: string | null;
            /**
             * Rows Inserted
             * @description Traces in the database.
             */
            rows_inserted: number;
            /**
             * Rows Read
             * @description Rows read so far.
             */
            rows_read: number;
            /**
             * Rows Rejected
             * @description Of these, rows that cannot be used.
             */
            rows_rejected: number;
            /**
             * Schema Name
             * @description Schema that was read; `mapping` if one was given; None: not known yet.
             */
            schema_name: string | null;
            /**
             * Settings
             * @description How it was to be read.
             */
            settings: {
                [key: string]: unknown;
            };
            /**
             * Source Name
             * @description Where the traces come from.
             */
            source_name: string;
            /**
             * Status
             * @description How far it is; only the traces of a completed upload are acknowledged.
             * @enum {string}
             */
            status: "receiving" | "reading" | "inserting" | "completed" | "failed" | "deleting" | "interrupted";
            /**
             * Upload Id
             * Format: uuid
             * @description Its id.
             */
            upload_id: string;
        };
        /**
         * UploadResult
         * @description What came of an upload.
         */
        UploadResult: {
            /**
             * Digest
             * @description Digest of the bytes as sent.
             */
            digest: string;
            /**
             * Errors
             * @description The first 100 of them.
             */
            errors: components["schemas"]["RowError"][];
            /**
             * Ingested Count
             * @description Traces that it inserted.
             */
            ingested_count: number;
            /**
             * Reasons
             * @description How many, by reason.
             */
            reasons: {
                [key: string]: number;
            };
            /**
             * Replayed
             * @description Whether the upload was complete before, so that this time nothing was inserted.
             */
            replayed: boolean;
            /**
             * Rows Read
             * @description Rows of the file.
             */
            rows_read: number;
            /**
             * Rows Rejected
             * @description Rows that cannot be used.
             */
            rows_rejected: number;
            /**
             * Schema Name
             * @description Schema that was read; `mapping` if one was given.
             */
            schema_name: string | null;
            /**
             * Trace Ids
             * @description Ids of its first 1,000 traces in the order of the file; the filter `upload_id` lists all.
             */
            trace_ids: string[];
            /**
             * Trace Ids Cut
             * @description Whether there are more traces than `trace_ids` names.
             */
            trace_ids_cut: boolean;
            /**
             * Upload Id
             * Format: uuid
             * @description Its id; the filter `upload_id` finds its traces.
             */
            upload_id: string;
            /**
             * Warnings
             * @description Earlier uploads that brought the same traces, so that they are here twice.
             */
            warnings: string[];
        };
        /**
         * Upstream
         * @description Something that a run was made from, or made.
         */
        Upstream: {
            /**
             * Digest
             * @description Digest of its files.
             */
            digest: string;
            /**
             * Key
             * @description Its name.
             */
            key: string;
            /**
             * Kind
             * @description dataset, base_model, evaluation, output, …
             */
            kind: string;
        };
        /**
         * VerifyBody
         * @description How much of a submission is graded again.
         */
        VerifyBody: {
            /**
             * Samples
             * @description Samples of each evaluation at most; with more than these a random part is graded.
             * @default 2000
             */
            samples: number;
        };
        /**
         * Worker
         * @description A process that carries jobs out.
         */
        Worker: {
            /**
             * Alive
             * @description Whether it was heard of within a lease.
             */
            alive: boolean;
            /**
             * Heartbeat At
             * Format: date-time
             * @description When it was last heard of.
             */
            heartbeat_at: string;
            /**
             * Host
             * @description Machine that it runs on.
             */
            host: string;
            /**
             * Id
             * Format: uuid
             * @description Id of the worker.
             */
            id: string;
            /**
             * Pid
             * @description Its process there.
             */
            pid: number;
            /**
             * Slots
             * @description Jobs that it carries out at a time.
             */
            slots: number;
            /**
             * Started At
             * Format: date-time
             * @description When it began.
             */
            started_at: string;
            /**
             * Stopped At
             * @description When it ended in order; None: it has not.
             */
            stopped_at: string | null;
            /**
             * Version
             * @description Version of tunix-rt.
             */
            version: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_audit: {
        parameters: {
            query?: {
                /** @description Exactly this one. */
                actor?: string | null;
                /** @description Exactly this one. */
                action?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AuditRow_"];
                };
            };
        };
    };
    list_datasets: {
        parameters: {
            query?: {
                /** @description Only versions of this one. */
                name?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DatasetListed_"];
                };
            };
        };
    };
    build_dataset: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DatasetBuild"];
            };
        };
        responses: {
            /** @description It was here already, the same */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetBuilt"];
                };
            };
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetBuilt"];
                };
            };
        };
    };
    ingest_dataset: {
        parameters: {
            query?: {
                /** @description By default the file's name. */
                source_name?: string | null;
                /** @description A schema of the importers, or `auto`. */
                schema?: string | null;
                /** @description Columns by part of a trace: `prompt=question,final_answer=answer`, or the same as a JSON object. */
                mapping?: string | null;
                /** @description Licence of the traces that name none. */
                license?: string | null;
                /** @description `fail` or `skip`; by default `fail`. */
                on_error?: string | null;
            };
            header?: {
                /** @description Names the upload, for repeats. */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/jsonl": string;
                "application/x-ndjson": string;
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description Its name's ending says what it is.
                     */
                    file: string;
                    license?: string;
                    /** @description Columns by part of a trace: `prompt=question,final_answer=answer`, or the same as a JSON object. */
                    mapping?: string;
                    /** @enum {string} */
                    on_error?: "fail" | "skip";
                    /** @enum {string} */
                    schema?: "auto" | "trace" | "tunix_trace" | "tunix_sft" | "training_example" | "stepwise" | "prompt_completion" | "messages" | "openthoughts" | "sharegpt" | "alpaca" | "openr1_math" | "reasoning_gym" | "gsm8k";
                    source_name?: string;
                };
            };
        };
        responses: {
            /** @description It was complete before */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadResult"];
                };
            };
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadResult"];
                };
            };
        };
    };
    select_traces: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TraceSelection"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TracesSelected"];
                };
            };
        };
    };
    list_uploads: {
        parameters: {
            query?: {
                /** @description Only the upload of this key. */
                idempotency_key?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_UploadListed_"];
                };
            };
        };
    };
    read_upload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadDetail"];
                };
            };
        };
    };
    delete_upload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    read_dataset: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path: {
                /** @description Key of the dataset: `<name>-<version>`. */
                dataset_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetDetail"];
                };
            };
        };
    };
    delete_dataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Key of the dataset: `<name>-<version>`. */
                dataset_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    compare_datasets: {
        parameters: {
            query: {
                /** @description Key of the other dataset. */
                other: string;
            };
            header?: never;
            path: {
                /** @description Key of the dataset: `<name>-<version>`. */
                dataset_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetDiff"];
                };
            };
        };
    };
    list_duplicate_rows: {
        parameters: {
            query?: {
                /** @description Most rows of this page. */
                limit?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                /** @description Key of the dataset: `<name>-<version>`. */
                dataset_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_DuplicateRow_"];
                };
            };
        };
    };
    export_dataset: {
        parameters: {
            query?: {
                /** @description What each row looks like. */
                format?: "trace" | "tunix_sft" | "training_example" | "messages" | "prompt_completion";
                /** @description Only this split. */
                split?: ("train" | "valid" | "test") | null;
            };
            header?: {
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path: {
                /** @description Key of the dataset: `<name>-<version>`. */
                dataset_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One JSON object a line */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
        };
    };
    preview_dataset: {
        parameters: {
            query?: {
                split?: "train" | "valid" | "test";
                /** @description Most rows of this page. */
                limit?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                /** @description Key of the dataset: `<name>-<version>`. */
                dataset_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RowPreview_"];
                };
            };
        };
    };
    list_quarantined_rows: {
        parameters: {
            query?: {
                /** @description Most rows of this page. */
                limit?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                /** @description Key of the dataset: `<name>-<version>`. */
                dataset_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_QuarantinedRow_"];
                };
            };
        };
    };
    list_rejected_rows: {
        parameters: {
            query?: {
                /** @description Most rows of this page. */
                limit?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                /** @description Key of the dataset: `<name>-<version>`. */
                dataset_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RowError_"];
                };
            };
        };
    };
    read_dataset_statistics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Key of the dataset: `<name>-<version>`. */
                dataset_key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Statistics"];
                };
            };
        };
    };
    list_evaluations: {
        parameters: {
            query?: {
                /** @description Only evaluations of this run. */
                run_id?: string | null;
                /** @description Only this base model, trained or not. */
                model?: string | null;
                /** @description Only this task. */
                task?: string | null;
                /** @description Only exactly these items. */
                task_digest?: string | null;
                /** @description Only runs that were trained on this dataset. */
                dataset_key?: string | null;
                /** @description Only evaluations that ended at this moment or later. */
                date_from?: string | null;
                /** @description Only evaluations that ended at this moment or before. */
                date_to?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_EvaluationSummary_"];
                };
            };
        };
    };
    evaluate_model: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names the request, so that a repeated one asks only once. */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EvaluationBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationQueued"];
                };
            };
        };
    };
    compare_evaluations: {
        parameters: {
            query: {
                /** @description The baseline. */
                a: string;
                /** @description The candidate. */
                b: string;
                /** @description Answers in their place (strict), or found anywhere (lenient). */
                a_score?: "strict" | "lenient";
                /** @description Answers in their place (strict), or found anywhere (lenient). */
                b_score?: "strict" | "lenient";
            };
            header?: {
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Comparison"];
                };
            };
        };
    };
    read_evaluation: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path: {
                /** @description Name of the evaluation. */
                evaluation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationManifest"];
                };
            };
        };
    };
    delete_evaluation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the evaluation. */
                evaluation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_evaluation_samples: {
        parameters: {
            query?: {
                /** @description Answers to this item, by its id. */
                sample?: string | null;
                family?: string | null;
                domain?: string | null;
                /** @description Strict verdict on the answer. */
                verdict?: ("right" | "wrong" | "unscored") | null;
                /** @description Why the completion ended. */
                finish?: ("stop" | "length") | null;
                /** @description Text in prompt, completion or target. */
                q?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                /** @description Name of the evaluation. */
                evaluation_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Sample_"];
                };
            };
        };
    };
    read_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alive"];
                };
            };
        };
    };
    read_readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
        };
    };
    list_jobs: {
        parameters: {
            query?: {
                /** @description Exactly this status. */
                status?: ("queued" | "running" | "completed" | "stopped" | "failed" | "cancelled") | null;
                /** @description Exactly this kind. */
                kind?: ("sft" | "grpo" | "session" | "eval" | "submission") | null;
                /** @description Jobs that make or measure this run. */
                run_id?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_JobRow_"];
                };
            };
        };
    };
    get_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobDetail"];
                };
            };
        };
    };
    cancel_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cancelled"];
                };
            };
        };
    };
    read_leaderboard: {
        parameters: {
            query?: {
                /** @description Only exactly these items. */
                task_digest?: string | null;
                /** @description Digest of the prompt contract. */
                contract?: string;
                /** @description Answers in their place (strict), or found anywhere (lenient). */
                score?: "strict" | "lenient";
                /** @description Every evaluation, not only the newest of a model under a prompt form. */
                all?: boolean;
                /** @description Only evaluations of this run. */
                run_id?: string | null;
                /** @description Only this base model, trained or not. */
                model?: string | null;
                /** @description Task; without one, the task that was measured last. */
                task?: string | null;
                /** @description Only runs that were trained on this dataset. */
                dataset_key?: string | null;
                /** @description Only evaluations that ended at this moment or later. */
                date_from?: string | null;
                /** @description Only evaluations that ended at this moment or before. */
                date_to?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Leaderboard"];
                };
            };
        };
    };
    read_overview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
        };
    };
    read_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRow"];
                };
            };
        };
    };
    create_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SessionBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionRow"];
                };
            };
        };
    };
    delete_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_submissions: {
        parameters: {
            query?: {
                /** @description Only submissions of this run. */
                run_id?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_SubmissionSummary_"];
                };
            };
        };
    };
    create_submission: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names the request, so that a repeated one asks only once. */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmissionBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmissionQueued"];
                };
            };
        };
    };
    plan_submission: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SubmissionPlanBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmissionPlan"];
                };
            };
        };
    };
    read_submission: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path: {
                /** @description Name of the submission. */
                submission_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmissionManifest"];
                };
            };
        };
    };
    delete_submission: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the submission. */
                submission_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    download_submission: {
        parameters: {
            query?: never;
            header?: {
                /** @description `bytes=FROM-TO`: a part of it. */
                Range?: string | null;
                /** @description The part only if the file is still this one. */
                "if-range"?: string | null;
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path: {
                /** @description Name of the submission. */
                submission_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file, as what its name says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/octet-stream": unknown;
                    "application/x-ndjson": unknown;
                    "application/zip": unknown;
                    "image/png": unknown;
                    "text/html": unknown;
                    "text/plain": unknown;
                };
            };
            /** @description The part that was asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/octet-stream": unknown;
                    "application/x-ndjson": unknown;
                    "application/zip": unknown;
                    "image/png": unknown;
                    "text/html": unknown;
                    "text/plain": unknown;
                };
            };
        };
    };
    read_submission_papers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the submission. */
                submission_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmissionPapers"];
                };
            };
        };
    };
    verify_submission: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the submission. */
                submission_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["VerifyBody"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rechecked"];
                };
            };
        };
    };
    list_tasks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TaskSummary"][];
                };
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: {
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TokenRow_"];
                };
            };
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenMade"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenRow"];
                };
            };
        };
    };
    list_traces: {
        parameters: {
            query?: {
                /** @description Exactly this `meta.source`. */
                source?: string | null;
                /** @description Exactly this `meta.license`. */
                license?: string | null;
                /** @description Exactly this `meta.domain`. */
                domain?: string | null;
                /** @description Exactly this `meta.family`. */
                family?: string | null;
                /** @description Exactly this `meta.difficulty`. */
                difficulty?: string | null;
                /** @description Came with this upload. */
                upload_id?: string | null;
                /** @description Has this tag. */
                tag?: string | null;
                /** @description At this moment or later. */
                created_after?: string | null;
                /** @description Earlier than this moment. */
                created_before?: string | null;
                /** @description Words that must all be there; `"a phrase"`, `begin*`. Case does not matter. */
                q?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_TraceListed_"];
                };
            };
        };
    };
    create_trace: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TraceBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraceCreated"];
                };
            };
        };
    };
    delete_traces: {
        parameters: {
            query: {
                upload_id: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TracesDeleted"];
                };
            };
        };
    };
    create_traces: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TraceBody"][];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchCreated"];
                };
            };
        };
    };
    compare_traces: {
        parameters: {
            query: {
                base: string;
                other: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TracesCompared"];
                };
            };
        };
    };
    read_facets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facets"];
                };
            };
        };
    };
    tag_traces: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TracesTagged"];
                };
            };
        };
    };
    read_trace: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraceRead"];
                };
            };
        };
    };
    delete_trace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_ratings: {
        parameters: {
            query?: {
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RatingRead_"];
                };
            };
        };
    };
    rate_trace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RatingBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RatingRead"];
                };
            };
        };
    };
    delete_rating: {
        parameters: {
            query?: {
                /** @description Number of the rated step; without it the trace as a whole. */
                step_i?: number | null;
                /** @description Who rated; by default the one who asks. */
                rater?: string | null;
            };
            header?: never;
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    score_trace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScoreBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScoreRead"];
                };
            };
        };
    };
    list_scores: {
        parameters: {
            query?: {
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_ScoreRead_"];
                };
            };
        };
    };
    list_tags: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string[];
                };
            };
        };
    };
    read_tokens: {
        parameters: {
            query?: {
                /** @description Base model that reads it. */
                model_id?: "gemma3-270m" | "gemma3-1b-it" | "gemma2-2b-it" | "nano";
            };
            header?: never;
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TraceTokens"];
                };
            };
        };
    };
    list_tunix_evaluations: {
        parameters: {
            query?: {
                /** @description Only this base model, trained or not. */
                model_id?: string | null;
                /** @description Task; without one, the task that was measured last. */
                task?: string | null;
                /** @description Only runs that were trained on this dataset. */
                dataset_key?: string | null;
                /** @description Only evaluations that ended at this moment or later. */
                date_from?: string | null;
                /** @description Only evaluations that ended at this moment or before. */
                date_to?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Leaderboard"];
                };
            };
        };
    };
    read_training_forms: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingForms"];
                };
            };
        };
    };
    start_run: {
        parameters: {
            query?: {
                /** @description A run always goes through the queue. */
                mode?: "async";
            };
            header?: {
                /** @description A key of your choice: the same key and request start one run, however often they come. */
                "idempotency-key"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunRequest"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanReply"];
                };
            };
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanReply"] | components["schemas"]["RunStarted"];
                };
            };
        };
    };
    list_runs: {
        parameters: {
            query?: {
                /** @description Exactly this status. */
                status?: ("queued" | "preparing" | "running" | "completed" | "stopped" | "failed" | "cancelled" | "interrupted") | null;
                /** @description Trained on this dataset. */
                dataset_key?: string | null;
                /** @description Started here, found as a folder, or taken in. */
                mode?: ("async" | "local" | "import") | null;
                /** @description Exactly this kind. */
                kind?: ("sft" | "grpo" | "session") | null;
                /** @description Of this base model. */
                model_id?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RunRow_"];
                };
            };
        };
    };
    import_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "application/x-zip-compressed": string;
                "application/zip": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Imported"];
                };
            };
        };
    };
    get_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunDetail"];
                };
            };
        };
    };
    delete_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    list_run_artifacts: {
        parameters: {
            query?: {
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
            };
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artifacts"];
                };
            };
        };
    };
    read_run_artifact: {
        parameters: {
            query?: {
                /** @description To be shown in a sandboxed frame instead of saved. */
                inline?: boolean;
            };
            header?: {
                /** @description `bytes=FROM-TO`: a part of it. */
                Range?: string | null;
                /** @description The part only if the file is still this one. */
                "if-range"?: string | null;
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path: {
                run_id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file, as what its name says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/octet-stream": unknown;
                    "application/x-ndjson": unknown;
                    "application/zip": unknown;
                    "image/png": unknown;
                    "text/html": unknown;
                    "text/plain": unknown;
                };
            };
            /** @description The part that was asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/octet-stream": unknown;
                    "application/x-ndjson": unknown;
                    "application/zip": unknown;
                    "image/png": unknown;
                    "text/html": unknown;
                    "text/plain": unknown;
                };
            };
        };
    };
    download_run_artifact: {
        parameters: {
            query?: never;
            header?: {
                /** @description `bytes=FROM-TO`: a part of it. */
                Range?: string | null;
                /** @description The part only if the file is still this one. */
                "if-range"?: string | null;
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path: {
                run_id: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes of the file, as what its name says */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/octet-stream": unknown;
                    "application/x-ndjson": unknown;
                    "application/zip": unknown;
                    "image/png": unknown;
                    "text/html": unknown;
                    "text/plain": unknown;
                };
            };
            /** @description The part that was asked for */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                    "application/octet-stream": unknown;
                    "application/x-ndjson": unknown;
                    "application/zip": unknown;
                    "image/png": unknown;
                    "text/html": unknown;
                    "text/plain": unknown;
                };
            };
        };
    };
    cancel_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cancelled"];
                };
            };
        };
    };
    get_run_config: {
        parameters: {
            query?: {
                /** @description Goes before Accept. */
                format?: ("json" | "yaml") | null;
            };
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                    "application/yaml": Record<string, never>;
                };
            };
        };
    };
    evaluate_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names the request, so that a repeated one asks only once. */
                "idempotency-key"?: string | null;
            };
            path: {
                /** @description Name of the run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["EvaluateBody"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvaluationQueued"];
                };
            };
        };
    };
    read_run_evaluation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the run. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunEvaluation"];
                };
            };
        };
    };
    stream_run_events: {
        parameters: {
            query?: {
                /** @description `seq` of the last log event that you have. */
                since?: number | null;
            };
            header?: {
                /** @description `id` of the last event that you have. */
                "last-event-id"?: string | null;
            };
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
        };
    };
    stream_run_logs: {
        parameters: {
            query?: {
                /** @description A stream of events, or what there is as text. */
                format?: "sse" | "text";
                /** @description `seq` of the last log event that you have. */
                since_seq?: number | null;
                /** @description Text: first byte. */
                offset?: number;
                /** @description Text: most bytes. */
                limit?: number;
                /** @description Text: only so many last lines. */
                tail?: number | null;
            };
            header?: {
                /** @description `id` of the last event that you have. */
                "last-event-id"?: string | null;
            };
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, or the text itself */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                    "text/plain": unknown;
                };
            };
        };
    };
    read_run_metrics: {
        parameters: {
            query?: {
                /** @description Most rows. */
                points?: number;
                /** @description Only these keys, with `step` and `time_s`. */
                keys?: string[];
                /** @description Only rows of later steps. */
                since_step?: number | null;
                /** @description Only rows up to this step. */
                until_step?: number | null;
            };
            header?: {
                /** @description ETags of the answers that you have; 304 if one still holds. */
                "if-none-match"?: string | null;
            };
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>[];
                };
            };
        };
    };
    read_run_preview: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Previews"];
                };
            };
        };
    };
    resume_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of your choice: the same key and request start one run, however often they come. */
                "idempotency-key"?: string | null;
            };
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunStarted"];
                };
            };
        };
    };
    retry_run: {
        parameters: {
            query?: never;
            header?: {
                /** @description A key of your choice: the same key and request start one run, however often they come. */
                "idempotency-key"?: string | null;
            };
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunStarted"];
                };
            };
        };
    };
    list_run_rollouts: {
        parameters: {
            query?: {
                /** @description Only groups of this update. */
                step?: number | null;
                /** @description Only groups of this prompt, by its trace. */
                trace_id?: string | null;
                /** @description Most rows of this page. */
                limit?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_RolloutGroup_"];
                };
            };
        };
    };
    replay_run_rollouts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayBody"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replay"];
                };
            };
        };
    };
    read_run_samples: {
        parameters: {
            query?: {
                /** @description Most rows of this page. */
                limit?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunSamples"];
                };
            };
        };
    };
    get_run_status: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunState"];
                };
            };
        };
    };
    stop_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cancelled"];
                };
            };
        };
    };
    export_sft: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SftExport"];
            };
        };
        responses: {
            /** @description One JSON object a line */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
        };
    };
    make_sft_manifest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SftManifest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SftManifestMade"];
                };
            };
        };
    };
    read_tunix_status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TunixStatus"];
                };
            };
        };
    };
    list_workers: {
        parameters: {
            query?: {
                /** @description Most rows of this page. */
                limit?: number;
                /** @description Rows to pass over; a cursor is faster and never skips or repeats a row. */
                offset?: number;
                /** @description `next_cursor` of the page before this one. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_Worker_"];
                };
            };
        };
    };
    read_service_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus' text */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
}
