variable "project" {
  description = "Id of the Google Cloud project that holds everything."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "region" {
  description = "Region of the machine, the image registry and the secrets."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "A region looks like us-central1 or europe-west4."
  }
}

variable "zone" {
  description = "Zone of the machine, in the region."
  type        = string
  default     = "us-central1-a"

  validation {
    condition     = startswith(var.zone, "${var.region}-")
    error_message = "The zone must lie in the region, as us-central1-a lies in us-central1."
  }
}

variable "location" {
  description = "Location of the bucket and of all datasets: both must be the same, or BigQuery cannot load from the bucket."
  type        = string
  default     = "US"

  validation {
    condition     = contains(["US", "EU"], var.location) || can(regex("^[a-z]+-[a-z]+[0-9]+$", var.location))
    error_message = "The location is US, EU or a region such as europe-west4."
  }
}

variable "dataset" {
  description = "First part of the names of the datasets: DATASET_raw, DATASET_marts and so on."
  type        = string
  default     = "estore"

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,39}$", var.dataset))
    error_message = "A dataset's name has at most 40 lower-case letters, digits and underscores, and begins with a letter."
  }

  validation {
    condition     = !startswith(var.dataset, "pr_")
    error_message = "Names that begin with pr_ belong to pull requests, whose datasets are deleted."
  }
}

variable "bucket" {
  description = "Name of the landing bucket, unique in the world; null: PROJECT-landing."
  type        = string
  default     = null

  validation {
    condition     = var.bucket == null || can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "landing_cold_days" {
  description = "Event files older than this move to a cheaper storage class; they are read again only for a replay."
  type        = number
  default     = 30

  validation {
    condition     = var.landing_cold_days >= 1
    error_message = "At least one day."
  }
}

variable "replaced_files_days" {
  description = "A replaced or deleted event file can be restored for so many days."
  type        = number
  default     = 30

  validation {
    condition     = var.replaced_files_days >= 7
    error_message = "At least 7 days: less leaves no time to notice."
  }
}

variable "max_bytes_billed" {
  description = "A query that would read more bytes fails before it costs anything. 1 TiB is about 6.25 dollars."
  type        = number
  default     = 1099511627776

  validation {
    condition     = var.max_bytes_billed >= 10485760 && floor(var.max_bytes_billed) == var.max_bytes_billed
    error_message = "A whole number of bytes, at least 10 MiB (what BigQuery bills at least for a table)."
  }
}

variable "machine_type" {
  description = "Machine of the Dagster daemon, its pages and the dashboard; with BigQuery it only waits and publishes."
  type        = string
  default     = "e2-medium"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", var.machine_type))
    error_message = "A machine type looks like e2-medium or n2-standard-4."
  }
}

variable "disk_gb" {
  description = "Disk of the published snapshots, logs and Dagster's history, GB."
  type        = number
  default     = 20

  validation {
    condition     = var.disk_gb >= 10 && var.disk_gb <= 2000
    error_message = "10 to 2000 GB."
  }
}

variable "image" {
  description = "Container image that a new machine starts with, by digest; deployments change it later. Empty: it waits for the first deployment."
  type        = string
  default     = ""

  validation {
    condition     = var.image == "" || can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: REGISTRY/NAME@sha256:…. A tag can be moved to other content."
  }
}

variable "operators" {
  description = "Who may open the pages and a shell through IAP, as user:… or group:…."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group):[^@ ]+@[^@ ]+$", member))])
    error_message = "Operators are user:NAME@DOMAIN or group:NAME@DOMAIN; allUsers and whole domains are refused."
  }
}

variable "github_repository" {
  description = "The repository that deploys, OWNER/NAME."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "OWNER/NAME, as in the repository's address."
  }
}

variable "github_repository_id" {
  description = "The repository's number (`gh api repos/OWNER/NAME --jq .id`): a name can be given up and taken by others, the number cannot."
  type        = string

  validation {
    condition     = can(regex("^[0-9]+$", var.github_repository_id))
    error_message = "A number; `gh api repos/OWNER/NAME --jq .id` prints it."
  }
}

variable "github_branch" {
  description = "The branch whose merges are deployed."
  type        = string
  default     = "main"

  validation {
    condition     = can(regex("^[A-Za-z0-9._/-]+$", var.github_branch))
    error_message = "The name of a branch, without refs/heads/."
  }
}

variable "state_bucket" {
  description = "The bucket of Terraform's state, made by hand before the first init."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "billing_account" {
  description = "Billing account of the budget alert, XXXXXX-XXXXXX-XXXXXX; null: no alert."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.billing_account))
    error_message = "Three groups of six characters, as `gcloud billing accounts list` prints them."
  }
}

variable "monthly_budget" {
  description = "Budget of a month, in whole units of the billing account's currency."
  type        = number
  default     = 100

  validation {
    condition     = var.monthly_budget >= 1 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "A whole number of at least 1."
  }
}

variable "alert_email" {
  description = "Who is written to about the budget and about errors in the logs; null: the billing administrators only."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", var.alert_email))
    error_message = "An e-mail address."
  }
}

variable "log_days" {
  description = "Days that the pipeline's logs are kept."
  type        = number
  default     = 90

  validation {
    condition     = var.log_days >= 30 && var.log_days <= 3650
    error_message = "30 to 3650 days."
  }
}
